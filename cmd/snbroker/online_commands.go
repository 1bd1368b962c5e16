package main

import (
	"flag"
	"fmt"
	"io"
	"net/url"
	"text/tabwriter"
	"time"

	"snbroker/internal/admin"
)

// values are a query of what was given.
func values(pairs ...string) url.Values {
	q := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

func noMore(args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%w: unexpected %q", errUsage, args[0])
	}
	return nil
}

func listClients(flags *flag.FlagSet) func(*online, []string) error {
	search, kind, state := flags.String("search", "", ""), flags.String("kind", "", ""), flags.String("state", "", "")
	return func(o *online, args []string) error {
		if err := noMore(args); err != nil {
			return err
		}
		q := values("search", *search, "kind", *kind, "state", *state, "limit", "1000")
		to := tabwriter.NewWriter(o.out, 0, 8, 2, ' ', 0)
		fmt.Fprintln(to, "CLIENT\tKIND\tSTATE\tADDRESS\tQUEUED\tDROPPED\tRETRIES\tROUND TRIP")
		for {
			var page admin.ClientPage
			if err := o.get("/api/v1/clients", q, &page); err != nil {
				return err
			}
			for _, c := range page.Clients {
				trip := ""
				if c.RoundTrip > 0 {
					trip = time.Duration(c.RoundTrip * float64(time.Second)).Round(10 * time.Microsecond).String()
				}
				fmt.Fprintf(to, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n", printable(c.ID), c.Kind, c.State, c.Address, c.Queued, c.Dropped, c.Retries, trip)
			}
			if err := to.Flush(); err != nil || page.Next == "" {
				return err
			}
			q.Set("after", page.Next)
		}
	}
}

// printable quotes what would spoil a terminal.
func printable(s string) string {
	if q := fmt.Sprintf("%q", s); s == "" || q != `"`+s+`"` {
		return q
	}
	return s
}

func kickClients(*flag.FlagSet) func(*online, []string) error {
	return func(o *online, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("%w: want a ClientID: snbroker kick ID", errUsage)
		}
		for _, id := range args {
			got, err := o.ask("POST", "/api/v1/disconnect", nil, admin.ClientID{ID: id})
			if err != nil {
				return err
			}
			got.Body.Close()
			fmt.Fprintf(o.out, "%s: disconnected\n", printable(id))
		}
		return nil
	}
}

func listTopics(*flag.FlagSet) func(*online, []string) error {
	return func(o *online, args []string) error {
		prefix := ""
		if len(args) > 0 {
			prefix = args[0]
			if err := noMore(args[1:]); err != nil {
				return err
			}
		}
		for q := values("prefix", prefix, "limit", "1000"); ; {
			var page admin.RetainedPage
			if err := o.get("/api/v1/retained", q, &page); err != nil {
				return err
			}
			for _, e := range page.Entries {
				var err error
				switch {
				case e.Branch:
					_, err = fmt.Fprintf(o.out, "%s/...\n", printable(prefix+e.Name))
				case e.Hex != "":
					_, err = fmt.Fprintf(o.out, "%s  %d octets: %s\n", printable(e.Topic), e.Bytes, e.Hex)
				default:
					_, err = fmt.Fprintf(o.out, "%s  %q\n", printable(e.Topic), e.Text)
				}
				if err != nil {
					return err
				}
			}
			if page.Next == "" {
				return nil
			}
			q.Set("after", page.Next)
		}
	}
}

func traceClients(flags *flag.FlagSet) func(*online, []string) error {
	client, topic, address := flags.String("client", "", ""), flags.String("topic", "", ""), flags.String("address", "", "")
	hex, pcapng := flags.Bool("hex", false, ""), flags.Bool("pcapng", false, "")
	return func(o *online, args []string) error {
		if err := noMore(args); err != nil {
			return err
		}
		q := values("client", *client, "topic", *topic, "address", *address)
		if *hex {
			q.Set("hex", "1")
		}
		if *pcapng {
			q.Set("format", "pcapng")
		}
		got, err := o.ask("GET", "/api/v1/trace", q, nil)
		if err != nil {
			return err
		}
		defer got.Body.Close()
		fmt.Fprintln(o.notes, "snbroker: watching")
		_, err = io.Copy(o.out, got.Body) // until the program ends, or this one is ended
		return err
	}
}
