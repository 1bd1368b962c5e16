package admin

import "encoding/json"

// contrasts finds text that is too faint for its background (WCAG 2.1, 1.4.3).
const contrasts = `(() => {
	const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return { rgb: m.slice(0, 3), a: m.length > 3 ? m[3] : 1 } };
	const light = (rgb) => { const [r, g, b] = rgb.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
	const back = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.a > 0) return c.rgb } return [255, 255, 255] };
	const bad = [];
	for (const e of document.querySelectorAll("body *")) {
		const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
		const s = getComputedStyle(e);
		if (!own || e.closest(".hidden, .skip, noscript, canvas, [disabled]") || !e.checkVisibility()) continue;
		const [a, b] = [light(parse(s.color).rgb), light(back(e))].sort((x, y) => y - x);
		const ratio = (a + 0.05) / (b + 0.05);
		if (ratio < 4.5) bad.push(e.tagName + "." + e.className + " " + e.textContent.slice(0, 30) + ": " + ratio.toFixed(2));
	}
	return bad;
})()`

// accessible checks what a screen reader, and somebody with weak eyes, gets of the
// page, and takes a picture of it.
func (b *browser) accessible(name string) {
	b.t.Helper()
	b.shoot(name)
	var faint []string
	if b.eval(contrasts, &faint); len(faint) > 0 {
		b.t.Errorf("%s: too faint: %q", name, faint)
	}
	var tree struct {
		Nodes []struct {
			Ignored    bool
			Role, Name struct{ Value json.RawMessage }
		}
	}
	b.call("Accessibility.getFullAXTree", nil, &tree)
	found := make(map[string]int)
	for _, n := range tree.Nodes {
		if n.Ignored {
			continue
		}
		var role, text string
		_, _ = json.Unmarshal(n.Role.Value, &role), json.Unmarshal(n.Name.Value, &text)
		found[role]++
		switch role {
		case "button", "link", "textbox", "searchbox", "combobox", "checkbox", "image", "img", "navigation", "region", "log", "group":
			if text == "" {
				b.t.Errorf("%s: a %s without a name", name, role)
			}
		}
	}
	for _, role := range []string{"banner", "navigation", "main", "heading", "link"} {
		if found[role] == 0 {
			b.t.Errorf("%s: no %s", name, role)
		}
	}
	var outline struct {
		Lang           string
		First, Unkeyed int
	}
	b.eval(`({ lang: document.documentElement.lang, first: document.querySelectorAll("h1").length,
		unkeyed: [...document.querySelectorAll("[tabindex]")].filter((e) => e.tabIndex > 0).length })`, &outline)
	if outline.Lang != "en" || outline.First != 1 || outline.Unkeyed > 0 {
		b.t.Errorf("%s: %+v", name, outline)
	}
}
