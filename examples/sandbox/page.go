package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

//go:embed assets
var assets embed.FS

// page is the web page of a sandbox.
type page struct {
	box      *sandbox
	template *template.Template
}

func newPage(box *sandbox) http.Handler {
	p := &page{box: box, template: template.Must(template.ParseFS(assets, "assets/page.html"))}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.show)
	mux.HandleFunc("GET /events", p.events)
	mux.HandleFunc("POST /faults", p.arm)
	for name, contentType := range map[string]string{
		"style.css": "text/css; charset=utf-8", "live.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml",
	} {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			http.ServeFileFS(w, r, assets, "assets/"+name)
		})
	}
	// A page of another origin can neither read this one, nor have a fault injected.
	return guard(http.NewCrossOriginProtection().Handler(mux))
}

// guard sets the headers of every answer, and refuses hosts that are not this machine: a name of
// another site may have been made to lead here, for the sake of a browser that then takes the
// sandbox for a part of that site.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		if !isLoopback(r.Host) {
			http.Error(w, "the sandbox answers on loopback only: open it as http://localhost or http://127.0.0.1", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLoopback says whether a host, with a port or without, is this machine by its name.
func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}

// view is what the template shows.
type view struct {
	Systems  []systemView
	Requests []entry
	Number   int // of requests in all
	Kept     int
	Faults   []*faultKind
	Armed    []armedView
}

type systemView struct {
	ID, Name, About string
	Origin, Path    string // of the base URL
	Operations      []string
	holdings
	More int // items that are not shown
}

type armedView struct{ System, Operation, Fault, Effect string }

// itemsShown is the number of items of a fake that are shown by name.
const itemsShown = 50

func (b *sandbox) view() view {
	v := view{Faults: faultKinds, Kept: kept}
	v.Requests, v.Number = b.journal.last()
	for _, s := range b.systems {
		h := s.holds()
		more := max(0, len(h.Items)-itemsShown)
		h.Items = h.Items[:len(h.Items)-more]
		host, path, _ := strings.Cut(strings.TrimPrefix(s.baseURL, "http://"), "/")
		v.Systems = append(v.Systems, systemView{s.id, s.name, s.about, "http://" + host, strings.TrimSuffix("/"+path, "/"), s.operations, h, more})
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.armed {
		v.Armed = append(v.Armed, armedView{a.system.name, a.operation, a.kind.Name, a.kind.Effect})
	}
	// Names are what clients say they are, a secret by mistake among them.
	for i := range v.Systems {
		for j, item := range v.Systems[i].Items {
			item.Name, item.Detail = b.vault.text(item.Name), b.vault.text(item.Detail)
			v.Systems[i].Items[j] = item
		}
	}
	return v
}

func (p *page) show(w http.ResponseWriter, _ *http.Request) {
	var out bytes.Buffer
	if err := p.template.Execute(&out, p.box.view()); err != nil {
		http.Error(w, "the page cannot be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// The browser may be gone; then there is nobody to tell.
	_, _ = w.Write(out.Bytes())
}

// arm injects the fault of the form.
func (p *page) arm(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form cannot be read: "+err.Error(), http.StatusBadRequest)
		return
	}
	if r.PostForm.Has("drop") {
		p.box.recover()
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	id, operation, _ := strings.Cut(r.PostForm.Get("operation"), ".")
	system := p.box.find(id, operation)
	kind := findFault(r.PostForm.Get("fault"))
	if system == nil || kind == nil {
		http.Error(w, fmt.Sprintf("no fault %q for an operation %q", r.PostForm.Get("fault"), r.PostForm.Get("operation")), http.StatusBadRequest)
		return
	}
	p.box.arm(system, operation, kind)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

const (
	eventPause  = 100 * time.Millisecond // between two events at least
	eventBeat   = 15 * time.Second       // after which a silent stream shows that it is alive
	eventWithin = 5 * time.Second        // for a browser to take an event
)

// events tells a browser of each change; the page itself says what is new.
func (p *page) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	stream := http.NewResponseController(w)
	send := func(text string) bool {
		if err := stream.SetWriteDeadline(time.Now().Add(eventWithin)); err != nil {
			return false
		}
		if _, err := w.Write([]byte(text)); err != nil {
			return false
		}
		return stream.Flush() == nil
	}
	if !send("retry: 1000\n\n") {
		return
	}
	for {
		// Taken before the page is asked for, so that no change is missed.
		changed := p.box.journal.changed()
		if !send("event: change\ndata: reload\n\n") || !pause(r.Context(), eventPause) {
			return
		}
		for waiting := true; waiting; {
			beat := time.NewTimer(eventBeat)
			select {
			case <-changed:
				waiting = false
			case <-beat.C:
				waiting = send(": alive\n\n")
				if !waiting {
					return
				}
			case <-r.Context().Done():
				beat.Stop()
				return
			}
			beat.Stop()
		}
	}
}

// pause waits, and says whether it waited to the end.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// find returns the system that has the operation, or nil.
func (b *sandbox) find(id, operation string) *system {
	for _, s := range b.systems {
		if _, has := s.reads[operation]; s.id == id && has {
			return s
		}
	}
	return nil
}
