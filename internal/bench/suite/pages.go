package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/internal/bench/suite/payload"
	"github.com/tenantkit/tenantkit/internal/bench/suite/peer"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
)

const (
	pageWait = 2 * time.Millisecond // of the server, and of the caller
	pageSize = 100
)

// pagesWork measures a long list of pages between a server and a caller that both take their time.
func pagesWork(ctx context.Context, r *report) error {
	pages, rounds := 1000, 3
	if !r.full {
		pages = 200
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		time.Sleep(pageWait)
		page := 0
		if next := req.URL.Query().Get("nextPageToken"); next != "" {
			var err error
			if page, err = strconv.Atoi(next); err != nil {
				http.Error(w, "no such page", http.StatusBadRequest)
				return
			}
		}
		if page+1 < pages {
			w.Header().Set("Link", fmt.Sprintf(`<http://%s/projects?nextPageToken=%d>; rel="next"`, req.Host, page+1))
		}
		w.Header().Set("Content-Type", "application/json")
		// A client that went away is the client's matter.
		_, _ = io.WriteString(w, payload.Projects100)
	}))
	defer server.Close()
	client, err := keboola.NewClient(server.URL, auth.StaticToken(peer.Key), tenantkit.WithHTTPClient(server.Client()))
	if err != nil {
		return err
	}
	tasks := []task{
		{"by hand, page by page (json.Decoder)", func() error { return serialPages(ctx, server, pages, decodePage) }},
		{"by hand, page by page (ReadAll)", func() error { return serialPages(ctx, server, pages, readPage) }},
		{"tenantkit AllProjects", func() error {
			got := 0
			for _, err := range client.AllProjects(ctx) {
				if err != nil {
					return err
				}
				if got++; got%pageSize == 0 {
					time.Sleep(pageWait)
				}
			}
			return counted(got, pages*pageSize)
		}},
	}
	times := make([][]float64, len(tasks))
	for range rounds {
		for i, task := range tasks {
			start := time.Now()
			if err := task.run(); err != nil {
				return &taskError{task.name, err}
			}
			times[i] = append(times[i], float64(time.Since(start)))
		}
	}
	title := fmt.Sprintf("%d pages of 100, 2 ms in the server and 2 ms in the caller for each", pages)
	details := table{title: title, head: []string{"contender", "time", "x the better serial loop"}}
	floor := min(median(times[0]), median(times[1]))
	for i, task := range tasks {
		details.add(task.name, time.Duration(median(times[i])).Round(time.Millisecond), fmt.Sprintf("%.2f", median(times[i])/floor))
	}
	r.tables = append(r.tables, details)
	share := median(times[2]) / floor
	r.check(title, "0.6 x a serial loop's time", fmt.Sprintf("%.2f x", share), share <= 0.6)
	return nil
}

func serialPages(ctx context.Context, server *httptest.Server, pages int, read func(io.Reader) ([]payload.Project, error)) error {
	got, next := 0, ""
	for range pages {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/projects?nextPageToken="+next, nil)
		if err != nil {
			return err
		}
		req.Header.Set("X-StorageApi-Token", peer.Key)
		resp, err := server.Client().Do(req)
		if err != nil {
			return err
		}
		projects, err := read(resp.Body)
		resp.Body.Close()
		if err != nil {
			return err
		}
		got += len(projects)
		time.Sleep(pageWait)
		next = strconv.Itoa(got / pageSize)
	}
	return counted(got, pages*pageSize)
}

func decodePage(body io.Reader) (projects []payload.Project, err error) {
	if err := json.NewDecoder(body).Decode(&projects); err != nil {
		return nil, err
	}
	// Read the rest, so that the connection is reused.
	_, err = io.Copy(io.Discard, body)
	return projects, err
}

func readPage(body io.Reader) (projects []payload.Project, err error) {
	text, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(text, &projects)
	return projects, err
}
