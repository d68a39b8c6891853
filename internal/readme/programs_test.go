//go:build unix

package main

import (
	"context"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

// The programs of the README are what a newcomer runs first. Each is run as it stands, but for the
// address, which becomes that of a fake.
func TestFirstPrograms(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	programs := make(map[string]string) // by the client package that they import
	for _, block := range regexp.MustCompile("(?s)```go\n(package main\n.*?)```").FindAllStringSubmatch(string(readme), -1) {
		client := regexp.MustCompile(`tenantkit/(tenant/argo|tenant/worklytics|provisioning/keboola|datasink/autoid|security/infoworks)"`).FindStringSubmatch(block[1])
		if client == nil {
			t.Fatalf("a program of the README imports no client:\n%s", block[1])
		}
		programs[client[1]] = block[1]
	}

	tests := map[string]func(t *testing.T) firstProgram{
		"tenant/argo": func(t *testing.T) firstProgram {
			server := argotest.Start(t)
			server.AddTenant(argotest.Tenant{ID: "id-1", Info: argotest.Info{Name: "EGI"}, Users: []argotest.User{{Name: "ada"}}})
			return firstProgram{
				address: `"https://api.argo.example.org/api/v2"`, fake: server.BaseURL(),
				env: []string{"ARGO_API_KEY=" + argotest.DefaultKey}, want: "id-1 EGI 1\n",
			}
		},
		"tenant/worklytics": func(t *testing.T) firstProgram {
			server := worklyticstest.Start(t)
			id := server.Add(worklyticstest.DataConnection{IntegrationID: "github", Settings: map[string]any{
				"PROXY_DEPLOYMENT_KIND": "GCP", "PROXY_ENDPOINT": "https://us-central1-acme.cloudfunctions.net/psoxy-github", "GITHUB_ORGANIZATION": "old",
			}})
			const account = "ci@acme.iam.gserviceaccount.com"
			folder := programThatPrints(t, "gcloud", server.GoogleToken(account, time.Hour))
			return firstProgram{
				address: "worklytics.DefaultBaseURL", fake: server.BaseURL(),
				env:  []string{"CONNECTION_ID=" + id, "TENANT_ID=" + worklyticstest.DefaultTenantID, "SERVICE_ACCOUNT=" + account, "PATH=" + folder + ":" + os.Getenv("PATH")},
				want: id + " github acme\n",
			}
		},
		"provisioning/keboola": func(t *testing.T) firstProgram {
			server := keboolatest.Start(t, keboolatest.WithPageSize(1))
			made := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			first := server.AddProject(keboolatest.Project{CreatedOn: made})
			second := server.AddProject(keboolatest.Project{CreatedOn: made})
			return firstProgram{
				address: "keboola.BaseURLEU", fake: server.BaseURL(),
				env: []string{"KBC_STORAGE_TOKEN=" + keboolatest.DefaultToken}, want: first + " 2026-03-01\n" + second + " 2026-03-01\n",
			}
		},
		"datasink/autoid": func(t *testing.T) firstProgram {
			server := autoidtest.Start(t)
			return firstProgram{
				address: `"https://autoid-ui.example.com"`, fake: server.BaseURL(),
				env: []string{"AUTOID_API_KEY=" + autoidtest.DefaultAPIKey}, want: "1 acknowledged\n",
			}
		},
		"security/infoworks": func(t *testing.T) firstProgram {
			const user = "admin@infoworks.io"
			server := infoworkstest.Start(t, infoworkstest.WithUsers(infoworkstest.User{Email: user, Password: "secret"}))
			return firstProgram{
				address: `"https://infoworks.example.org:3001/v3"`, fake: server.BaseURL(),
				env: []string{"IWX_REFRESH_TOKEN=" + server.RefreshToken(user)}, want: "200 OK application/json\n",
			}
		},
	}
	for client, prepare := range tests {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			source, there := programs[client]
			if !there {
				t.Fatalf("the README has no program for %s", client)
			}
			prepare(t).run(t, source)
		})
	}
}

type firstProgram struct {
	address string // as it stands in the program
	fake    string // the address to use instead
	env     []string
	want    string
}

func (p firstProgram) run(t *testing.T, source string) {
	formatted, err := format.Source([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(formatted), source); diff != "" {
		t.Errorf("not as gofmt writes it (-formatted +README):\n%s", diff)
	}
	if strings.Count(source, p.address) != 1 {
		t.Fatalf("the program should hold %s once", p.address)
	}
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte(strings.Replace(source, p.address, `"`+p.fake+`"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "go", "run", file)
	command.Env = append(os.Environ(), p.env...)
	got, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, got)
	}
	if diff := cmp.Diff(p.want, string(got)); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
}

// programThatPrints returns a folder for PATH that holds a program of that name.
func programThatPrints(t *testing.T, name, text string) string {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/bin/sh\necho '"+text+"'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}
