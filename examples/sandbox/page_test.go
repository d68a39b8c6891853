package main

import (
	"bufio"
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const formType = "Content-Type: application/x-www-form-urlencoded"

// opened is a sandbox with its page.
func opened(t *testing.T) (*sandbox, string) {
	t.Helper()
	box, err := open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(newPage(box))
	t.Cleanup(func() {
		server.Close()
		box.close()
	})
	return box, server.URL + "/"
}

// content returns the page as it is now.
func content(t *testing.T, page string) string {
	t.Helper()
	status, body := ask(t, "GET", page, "")
	if status != http.StatusOK {
		t.Fatalf("the page: %d %s", status, body)
	}
	return body
}

// settled returns the page when it tells of so many requests: a request is told of when it has
// ended, which is after its answer.
func settled(t *testing.T, box *sandbox, page string, number int) string {
	t.Helper()
	for {
		changed := box.journal.changed()
		if _, got := box.journal.last(); got >= number {
			return content(t, page)
		}
		<-changed
	}
}

var (
	row  = regexp.MustCompile(`(?s)<tr role="row" id="r\d.*?</tr>`)
	tags = regexp.MustCompile(`<[^>]*>`)
)

// rows returns the texts of the requests on the page, without the times.
func rows(page string) [][]string {
	var all [][]string
	for _, r := range row.FindAllString(page, -1) {
		var cells []string
		for _, cell := range strings.Split(r, "<td")[2:] {
			text := html.UnescapeString(tags.ReplaceAllString("<td"+cell, " "))
			cells = append(cells, strings.Join(strings.Fields(text), " "))
		}
		all = append(all, cells)
	}
	return all
}

const argoKey = "x-api-key: argo-admin-key"

func TestRequestsAreShown(t *testing.T) {
	t.Parallel()
	box, page := opened(t)
	if got := content(t, page); !strings.Contains(got, "Nothing was asked yet") || !strings.Contains(got, "0 so far, newest first") {
		t.Errorf("an empty page: %s", got)
	}
	tenants := box.systems[0].baseURL + "/admin/tenants"
	ask(t, "GET", tenants, "", argoKey, "Accept: application/json")
	ask(t, "POST", tenants, `{"info":{"name":"Cassini"}}`, argoKey, "Accept: application/json")
	ask(t, "GET", tenants, "", "x-api-key: wrong-key", "Accept: application/json")
	ask(t, "PATCH", tenants+"/x?y=z", "hello", argoKey)
	want := [][]string{
		{"ARGO", "none", "PATCH /api/v2/admin/tenants/x?y=z Body of request 4 5 bytes that are not JSON, or too long to show", "404", "no such route"},
		{"ARGO", "ListTenants", "GET /api/v2/admin/tenants", "401", "refused"},
		{"ARGO", "CreateTenant", `POST /api/v2/admin/tenants Body of request 2 {"info":{"name":"Cassini"}}`, "201", "applied"},
		{"ARGO", "ListTenants", "GET /api/v2/admin/tenants", "200", "answered"},
	}
	got := settled(t, box, page, 4)
	if diff := cmp.Diff(want, rows(got)); diff != "" {
		t.Errorf("requests differ (-want +got):\n%s", diff)
	}
	if !strings.Contains(got, "4 so far, newest first") {
		t.Error("they are not counted")
	}
}

// What the page says of each fake, before and after all printed lines.
func TestHoldings(t *testing.T) {
	t.Parallel()
	box, page := opened(t)
	counts := func() map[string]string {
		got := make(map[string]string)
		for _, s := range box.view().Systems {
			var texts []string
			for _, c := range s.Counts {
				texts = append(texts, fmt.Sprint(c.Number, " ", c.Name()))
			}
			got[s.ID] = strings.Join(texts, ", ")
		}
		return got
	}
	before := map[string]string{
		"argo":       "2 tenants, 3 users, 1 status",
		"worklytics": "2 data connections",
		"keboola":    "2 projects, 2 users, 1 token",
		"datasink":   "2 sinks, 0 decisions acknowledged, 3 decisions open, 1 token",
		"infoworks":  "2 users, 1 access token, 2 refresh tokens",
	}
	if diff := cmp.Diff(before, counts()); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}
	sent := runAll(t, box)
	after := map[string]string{
		"argo":       "3 tenants, 4 users, 0 statuses",
		"worklytics": "3 data connections",
		"keboola":    "3 projects, 3 users, 1 token",
		"datasink":   "3 sinks, 1 decision acknowledged, 2 decisions open, 2 tokens",
		"infoworks":  "3 users, 4 access tokens, 3 refresh tokens",
	}
	if diff := cmp.Diff(after, counts()); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
	got := settled(t, box, page, sent)
	for _, want := range []string{"Cassini", "linus", "gmail-psoxy", "Borealis warehouse", "Borealis LDAP", "alan@aurora.example", "<dt>data connections</dt><dd>3</dd>"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}

// runAll sends each line of all systems once.
func runAll(t *testing.T, box *sandbox) (sent int) {
	t.Helper()
	for _, s := range box.systems {
		for _, c := range s.commands {
			curl(t, shellWords(c.String()))
			sent++
		}
	}
	return sent
}

func TestLongListsAreCut(t *testing.T) {
	t.Parallel()
	box, page := opened(t)
	argo := box.systems[0]
	var users []string
	for i := range itemsShown {
		users = append(users, fmt.Sprintf(`{"name":"many-%d"}`, i))
	}
	body := `{"info":{"name":"Many"},"users":[` + strings.Join(users, ",") + `]}`
	ask(t, "POST", argo.baseURL+"/admin/tenants", body, argoKey, "Accept: application/json")
	for range kept + 1 {
		ask(t, "GET", argo.baseURL+"/admin/tenants/x", "", argoKey, "Accept: application/json")
	}
	got := settled(t, box, page, kept+2)
	if n := strings.Count(got, "<li><span class=\"kind\">user</span> <b>many-"); n != itemsShown-6 || !strings.Contains(got, "and 6 more") {
		t.Errorf("%d users are shown", n)
	}
	if n := len(argo.fake.(interface{ Requests() []request }).Requests()); n > 0 {
		t.Errorf("the fake keeps %d requests, whose number has no bound", n)
	}
	if n := len(rows(got)); n != kept || !strings.Contains(got, "102 so far, of which the last 100 are shown") {
		t.Errorf("%d requests are shown", n)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	box, page := opened(t)
	tenants := box.systems[0].baseURL + "/admin/tenants"
	inject := func(form string) {
		t.Helper()
		if status, body := ask(t, "POST", page+"faults", form, formType); status != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", form, status, body)
		}
	}
	create := func(name string) int {
		status, _ := ask(t, "POST", tenants, `{"info":{"name":"`+name+`"}}`, argoKey, "Accept: application/json")
		return status
	}
	if !strings.Contains(content(t, page), "No fault waits for a request.") {
		t.Error("a fault waits at the start")
	}
	inject("operation=argo.CreateTenant&fault=lost-answer")
	inject("operation=argo.CreateTenant&fault=unavailable")
	inject("operation=keboola.CreateUser&fault=reset")
	waiting := tags.ReplaceAllString(content(t, page), "")
	for _, want := range []string{
		"The next CreateTenant of ARGO: the answer is lost, applied", "The next CreateTenant of ARGO: 503 with Retry-After, not applied",
		"The next CreateUser of Keboola: connection reset, not applied",
	} {
		if !strings.Contains(waiting, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	var got []int
	for i, name := range []string{"Lost", "Late", "Plain"} {
		got = append(got, create(name))
		// A request is recorded after its response, or after its end without one.
		settled(t, box, page, i+1)
	}
	if diff := cmp.Diff([]int{0, 503, 201}, got); diff != "" {
		t.Errorf("statuses differ (-want +got):\n%s", diff)
	}
	inject("operation=argo.ListTenants&fault=error")
	ask(t, "GET", tenants, "", argoKey, "Accept: application/json")
	want := [][]string{
		{"500", "fault 500"},
		{"201", "applied"},
		{"503", "fault, not applied 503 with Retry-After"},
		{"no answer", "fault, but applied the answer is lost"},
	}
	shown := settled(t, box, page, 4)
	for i, cells := range rows(shown) {
		if diff := cmp.Diff(want[i], cells[3:]); diff != "" {
			t.Errorf("request %d differs (-want +got):\n%s", i, diff)
		}
	}
	if strings.Contains(shown, "The next <b>CreateTenant") || !strings.Contains(shown, "The next <b>CreateUser") {
		t.Error("the faults that wait are not those that are left")
	}
	inject("drop=all")
	if !strings.Contains(content(t, page), "No fault waits for a request.") {
		t.Error("a fault waits after all were dropped")
	}
	keboola := box.systems[2]
	for _, c := range keboola.commands {
		if status, body := curl(t, shellWords(c.String())); status != fmt.Sprint(c.status) {
			t.Errorf("%s after all faults were dropped: %s %s", c.title, status, body)
		}
	}
	for _, form := range []string{"", "operation=argo.Nothing&fault=error", "operation=argo&fault=error", "operation=argo.ListTenants&fault=x", "%zz", strings.Repeat("x", 5000)} {
		if status, _ := ask(t, "POST", page+"faults", form, formType); status != http.StatusBadRequest {
			t.Errorf("%.40q: %d", form, status)
		}
	}
}

// Requests of one operation may end in another order than that of their faults.
func TestRecord_NamesTheFaultOfTheRequest(t *testing.T) {
	t.Parallel()
	box, _ := opened(t)
	argo := box.systems[0]
	for _, id := range []string{"lost-answer", "unavailable"} {
		box.arm(argo, "CreateTenant", findFault(id))
	}
	for _, id := range []string{"unavailable", "lost-answer"} {
		kind := findFault(id)
		box.record(argo, request{Operation: "CreateTenant", Fault: &kind.fault})
		if shown, _ := box.journal.last(); shown[0].Fault != kind.Name {
			t.Errorf("the fault is %q, want %q", shown[0].Fault, kind.Name)
		}
	}
}

// Each operation that the form offers is one of the fake, so that its fault strikes.
func TestOperationsAreThoseOfTheFakes(t *testing.T) {
	t.Parallel()
	box, page := opened(t)
	for _, s := range box.systems {
		for _, operation := range s.operations {
			if status, body := ask(t, "POST", page+"faults", "operation="+s.id+"."+operation+"&fault=slow", formType); status != http.StatusSeeOther {
				t.Errorf("%s of %s: %d %s", operation, s.name, status, body)
			}
		}
	}
}

func TestPage_RejectsOtherSites(t *testing.T) {
	t.Parallel()
	box, page := opened(t)
	port := strings.TrimSuffix(page[strings.LastIndex(page, ":"):], "/")
	for _, host := range []string{"evil.example", "evil.example" + port, "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.1" + port, "", "[::2]"} {
		for _, path := range []string{"", "events", "style.css"} {
			if host == "" {
				continue
			}
			status, body := ask(t, "GET", page+path, "", "Host: "+host)
			if status != http.StatusForbidden || strings.Contains(body, "ARGO") {
				t.Errorf("host %q, /%s: %d", host, path, status)
			}
		}
	}
	for _, host := range []string{"localhost" + port, "LOCALHOST" + port, "127.0.0.1", "127.1.2.3" + port, "[::1]" + port, "[::1]"} {
		if status, _ := ask(t, "GET", page, "", "Host: "+host); status != http.StatusOK {
			t.Errorf("host %q: %d", host, status)
		}
	}
	for _, header := range []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: http://evil.example", "Origin: null"} {
		if status, _ := ask(t, "POST", page+"faults", "operation=argo.ListTenants&fault=error", formType, header); status != http.StatusForbidden {
			t.Errorf("%s: %d", header, status)
		}
	}
	if len(box.armed) > 0 {
		t.Errorf("another site injected %v", box.armed)
	}
	for _, header := range []string{"Sec-Fetch-Site: same-origin", "Origin: " + strings.TrimSuffix(page, "/")} {
		if status, _ := ask(t, "POST", page+"faults", "operation=argo.ListTenants&fault=error", formType, header); status != http.StatusSeeOther {
			t.Errorf("%s: %d", header, status)
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	_, page := opened(t)
	for path, contentType := range map[string]string{
		"": "text/html; charset=utf-8", "style.css": "text/css; charset=utf-8", "live.js": "text/javascript; charset=utf-8",
		"icon.svg": "image/svg+xml", "nothing": "text/plain; charset=utf-8", "events": "text/event-stream",
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, "GET", page+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		got := map[string]string{}
		for _, name := range []string{"Content-Type", "X-Content-Type-Options", "Cache-Control", "Referrer-Policy", "Cross-Origin-Resource-Policy"} {
			got[name] = resp.Header.Get(name)
		}
		want := map[string]string{
			"Content-Type": contentType, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("/%s: headers differ (-want +got):\n%s", path, diff)
		}
		policy := resp.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, part) || strings.Contains(policy, "unsafe") {
				t.Errorf("/%s: policy %q, want %s", path, policy, part)
			}
		}
	}
	if status, _ := ask(t, "DELETE", page, ""); status != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %d", status)
	}
}

// Nothing that a client sends is markup on the page, and nothing in the page needs more than its
// policy allows.
func TestTextsAreEscaped(t *testing.T) {
	t.Parallel()
	box, page := opened(t)
	const evil = `<script>alert(1)</script>`
	tenants := box.systems[0].baseURL + "/admin/tenants"
	body := `{"info":{"name":"` + evil + `"},"users":[{"name":"\u003cimg src=x onerror=alert(1)>","roles":["` + evil + `"]}]}`
	if status, response := ask(t, "POST", tenants, body, argoKey, "Accept: application/json"); status != http.StatusCreated {
		t.Fatalf("%d %s", status, response)
	}
	ask(t, "GET", tenants+"/%3Cscript%3Ealert(1)%3C%2Fscript%3E?%3Cscript%3E=<script>alert(1)</script>", "", argoKey, "Accept: application/json")
	ask(t, "GET", tenants+`/x"onmouseover="alert(1)`, "", argoKey, "Accept: application/json")
	got := settled(t, box, page, 3)
	if !strings.Contains(got, html.EscapeString(evil)) {
		t.Errorf("the tenant is not on the page: %s", got)
	}
	if n := strings.Count(got, "<script"); n != 1 || strings.Contains(got, "<img") {
		t.Errorf("%d scripts are on the page, want its own", n)
	}
	for _, inline := range []string{" style=", " onclick=", "onmouseover=\"", "<style", "javascript:"} {
		if strings.Contains(got, inline) {
			t.Errorf("%q is in the page", inline)
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	box, page := opened(t)
	const change = "event: change\ndata: reload\n"
	stream, first := openEvents(t, page)
	defer stream.Close()
	if first != "retry: 1000" {
		t.Errorf("the stream begins with %q", first)
	}
	// One event for those who came late, and one for what happens then.
	if got := stream.next(t); got != change {
		t.Errorf("first event %q", got)
	}
	ask(t, "GET", box.systems[0].baseURL+"/admin/tenants", "", argoKey, "Accept: application/json")
	if got := stream.next(t); got != change {
		t.Errorf("event of a request %q", got)
	}
	box.recover()
	if got := stream.next(t); got != change {
		t.Errorf("event of a fault %q", got)
	}
}

// events is an open stream of events.
type events struct {
	*bufio.Reader
	io.Closer
}

// openEvents opens a stream of events, and returns it behind its first line.
func openEvents(t *testing.T, page string) (*events, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", page+"events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(resp.Body)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return &events{lines, resp.Body}, strings.TrimSpace(first)
}

// next waits for the next event, and returns its lines.
func (e *events) next(t *testing.T) string {
	t.Helper()
	var event strings.Builder
	for {
		line, err := e.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended: %v", err)
		}
		if line == "\n" && event.Len() > 0 {
			return event.String()
		}
		if line != "\n" {
			event.WriteString(line)
		}
	}
}
