package admin

import (
	"embed"
	"io/fs"
	"net/http"
)

// The dashboard is files as they are: modules of JavaScript, and uPlot for charts
// (web/vendor, with its licence). Nothing builds them, and nothing comes from
// elsewhere.
//
//go:embed web
var web embed.FS

// dashboard serves the files. Everybody may have them: what they show comes from the
// API, which asks who it is.
func (s *Server) dashboard(mux *http.ServeMux) {
	files, err := fs.Sub(web, "web")
	if err != nil {
		panic(err) // the name is above
	}
	serve := http.FileServerFS(files)
	page := route{access: open, handle: func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "index.html") }}
	assets := route{access: open, handle: http.StripPrefix("/assets", serve).ServeHTTP}
	mux.Handle("GET /{$}", s.guarded(&page))
	mux.Handle("GET /assets/", s.guarded(&assets))
}
