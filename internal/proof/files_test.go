package proof

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
	"github.com/tenantkit/tenantkit/internal/fake"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
)

// TestFiles runs all that writes files, with the faults of the matrix, in a directory that is the
// one for temporary files too: no file holds a secret but that of the token, which nobody else may
// read, and none is left over.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	token := filepath.Join(dir, "token.json")
	for _, f := range faults() {
		exchangeWithFile(t, token, f)
		acknowledgeWithFile(t, filepath.Join(dir, "checkpoint"), f)
		regenerateWithFile(t, filepath.Join(dir, "spent.json"), f)
	}
	// With the runs ended for good, and one that failed to store anything.
	if err := auth.FileStore(filepath.Join(dir, "missing", "token.json")).Save(t.Context(), auth.StoredToken{Token: auth.Token{Value: tenantkit.NewSecret(loginRefresh)}}); err == nil {
		t.Error("a token was stored in a directory that does not exist")
	}
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		found = append(found, entry.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if path != token && strings.Contains(string(text), "MARKER") {
			t.Errorf("%s holds a secret: %s", entry.Name(), text)
		}
		info, err := entry.Info()
		if err == nil && runtime.GOOS != "windows" && info.Mode() != 0o600 {
			t.Errorf("%s has the mode %v", entry.Name(), info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if want := []string{"checkpoint", "spent.json", "token.json"}; !slices.Equal(found, want) {
		t.Errorf("the files are %q, want %q", found, want)
	}
}

// exchangeWithFile makes two exchanges of a refresh token that is replaced at each, of which the
// first fails with the fault's outcome.
func exchangeWithFile(t *testing.T, path string, f fault) {
	n := 0
	refresher := auth.RefreshToken(auth.StaticToken(loginRefresh), auth.FileStore(path), func(_ context.Context, refresh tenantkit.Secret) (auth.Grant, error) {
		if n++; n == 1 && !f.harmless {
			return auth.Grant{}, &tenantkit.Error{Service: "issuer", Outcome: f.outcome, Err: errors.New(f.name)}
		}
		return auth.Grant{Access: auth.Token{Value: tenantkit.NewSecret("MARKER-access")}, Refresh: auth.Token{Value: tenantkit.NewSecret(refresh.Reveal() + "+")}}, nil
	})
	for range 2 {
		if _, err := refresher.Token(t.Context()); err != nil && strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "MARKER") {
			t.Errorf("%s: a secret is shown: %v", f.name, err)
		}
	}
}

func noWait() []tenantkit.Option { return []tenantkit.Option{tenantkit.WithRetry(tenantkit.NoRetry())} }

// inject lets the fake meet what the server does of a fault; what stalls takes time that this test
// does not have.
func inject(server *fake.Server, f fault) {
	if f.network == nil && f.echo == 0 && !f.harmless && !f.stalls && !f.inject.Endless {
		server.Fail("", f.inject)
	}
}

func acknowledgeWithFile(t *testing.T, path string, f fault) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	server := autoidtest.NewServer(autoidtest.WithAPIKey(sinkKey))
	defer server.Close()
	opts := append(noWait(), tenantkit.WithHTTPClient(&http.Client{Transport: server.RoundTripper()}))
	client, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{APIKey: auth.StaticToken(sinkKey)}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	roles := func(yield func(autoid.RoleStatus) bool) {
		for i := range 30 {
			if !yield(autoid.RoleStatus{RoleID: fmt.Sprint("role-", i), Status: autoid.RoleActive, DatasinkStatus: autoid.Ack}) {
				return
			}
		}
	}
	inject(server.Server, f)
	for range 2 {
		// What became of the run is told in other tests.
		_, _ = client.AcknowledgeRoles(t.Context(), roles, autoid.BulkOptions{BatchItems: 7, Checkpoint: autoid.FileCheckpoint(path), CheckpointEvery: 1})
	}
}

func regenerateWithFile(t *testing.T, path string, f fault) {
	server := infoworkstest.NewServer(infoworkstest.WithUsers(infoworkstest.User{Email: "a@example.org", RefreshToken: loginRefresh}))
	defer server.Close()
	opts := append(noWait(), tenantkit.WithHTTPClient(&http.Client{Transport: server.RoundTripper()}))
	client, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{
		RefreshToken: auth.StaticToken(loginRefresh), Store: auth.FileStore(path),
	}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	inject(server.Server, f)
	_, _ = client.AccessToken(t.Context())
	_ = client.RegenerateRefreshToken(t.Context())
	_, _ = client.AccessToken(t.Context())
}
