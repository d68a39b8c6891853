package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

const (
	// cleanupTimeout bounds the deletion of what the tour made, which also an interrupt does
	// not keep from happening.
	cleanupTimeout = 30 * time.Second
	// creationTimeout bounds a creation, which an interrupt does not cut short.
	creationTimeout = 30 * time.Second
)

// argoTour administers tenants and users of an ARGO service.
func argoTour(ctx context.Context, p *printer, getenv func(string) string) (err error) {
	client, where, closeServer, err := argoClient(getenv)
	defer closeServer()
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	p.title("ARGO, %s", where)

	tour := argoSteps{printer: p, client: client, prefix: "quickstart-" + strings.ToLower(rand.Text()[:8]) + "-"}
	defer func() { err = errors.Join(err, tour.cleanUp(context.WithoutCancel(ctx))) }()
	return tour.run(ctx)
}

// argoClient returns a client for the server of the environment, or for a fake that it starts.
func argoClient(getenv func(string) string) (client *argo.Client, where string, closeServer func(), err error) {
	url := getenv("ARGO_URL")
	if url == "" {
		server := argotest.NewServer()
		client, err = argo.NewClient(server.BaseURL(), auth.StaticToken(argotest.DefaultKey))
		return client, "a fake at " + server.BaseURL(), server.Close, err
	}
	var opts []tenantkit.Option
	if file := getenv("ARGO_CA_FILE"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, "", func() {}, fmt.Errorf("ARGO_CA_FILE: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, "", func() {}, fmt.Errorf("ARGO_CA_FILE: %s holds no certificate in PEM", file)
		}
		transport := tenantkit.NewTransport()
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
		opts = append(opts, tenantkit.WithHTTPClient(&http.Client{Transport: transport}))
	}
	client, err = argo.NewClient(url, auth.Env("ARGO_API_KEY"), opts...)
	return client, "the service at " + url, func() {}, err
}

type argoSteps struct {
	*printer
	client *argo.Client
	prefix string // of the names of all that the tour makes
}

func (t *argoSteps) run(ctx context.Context) error {
	alpha, err := t.createTenant(ctx, "alpha")
	if err != nil {
		return err
	}
	beta, err := t.createTenant(ctx, "beta")
	if err != nil {
		return err
	}
	users, err := t.provisionUsers(ctx, alpha, beta)
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return t.keepStatus(ctx, alpha) },
		func() error { return t.modifyTenant(ctx, alpha) },
		func() error { return t.renewKey(ctx, alpha, users[0]) },
		func() error { return t.showFailures(ctx, alpha) },
		func() error { return t.listAll(ctx) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// create creates a tenant. An interrupt does not cut it short: the server would go on with it, and
// the clean-up could come too early.
func (t *argoSteps) create(ctx context.Context, tenant *argo.Tenant) (*argo.Created, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("interrupted: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), creationTimeout)
	defer cancel()
	return t.client.CreateTenant(ctx, tenant)
}

func (t *argoSteps) createTenant(ctx context.Context, name string) (id string, err error) {
	created, err := t.create(ctx, &argo.Tenant{
		Info: argo.Info{Name: t.prefix + name, Email: name + "@example.org", Description: "made by the quickstart"},
		DBConf: []argo.DBConf{{
			Store: "ar", Server: "db.example.org", Port: 27017, Database: name, Username: "argo", Password: tenantkit.NewSecret("not a real password"),
		}},
		Topology: argo.Topology{Type: "GOCDB", Feed: "gocdb.example.org"},
	})
	if err != nil {
		return "", err
	}
	t.done("created tenant %s, id %s", t.prefix+name, created.ID)
	return created.ID, nil
}

func (t *argoSteps) provisionUsers(ctx context.Context, alpha, beta string) (ids []string, err error) {
	for _, u := range []struct {
		tenant, name string
		role         argo.Role
	}{{alpha, "ada", argo.RoleAdmin}, {alpha, "grace", argo.RoleViewer}, {beta, "edsger", argo.RoleAdmin}} {
		user, err := t.client.ProvisionUser(ctx, u.tenant, &argo.User{Name: u.name, Email: u.name + "@example.org", Roles: []argo.Role{u.role}})
		if err != nil {
			return nil, err
		}
		t.done("provisioned user %s (%s); its key prints as %v", user.Name, u.role, user.APIKey)
		ids = append(ids, user.ID)
	}
	return ids, nil
}

func (t *argoSteps) keepStatus(ctx context.Context, tenant string) error {
	stream := argo.AMSProject{Ingestion: true, Publishing: true, StatusStreaming: true, MessagesArrived: 100}
	err := t.client.UpdateTenantStatus(ctx, tenant, &argo.Status{
		AMS: argo.AMS{MetricData: stream, SyncData: stream}, HDFS: argo.HDFS{MetricData: true}, EngineConfig: true,
		LastCheck: time.Now().UTC().Format(time.RFC3339),
	})
	if err != nil {
		return err
	}
	t.done("set the status of the argo engine")
	err = t.client.KeepStatus(ctx, tenant, func(ctx context.Context) error {
		_, err := t.client.ProvisionUser(ctx, tenant, &argo.User{Name: "alan", Email: "alan@example.org", Roles: []argo.Role{argo.RoleViewer}})
		return err
	})
	if err != nil {
		return err
	}
	now, err := t.client.GetTenantStatus(ctx, tenant)
	if err != nil {
		return err
	}
	t.done("added a user, which wipes the status, and restored it: ready is %t, %d messages", now.Status.Total, now.Status.AMS.MetricData.MessagesArrived)
	return nil
}

func (t *argoSteps) modifyTenant(ctx context.Context, tenant string) error {
	_, err := t.client.ModifyTenant(ctx, tenant, func(tenant *argo.Tenant) error {
		tenant.Info.Website = "www.example.org"
		return nil
	})
	if err != nil {
		return err
	}
	t.done("changed the website, and left all else as it was, users' keys included")
	return nil
}

func (t *argoSteps) renewKey(ctx context.Context, tenant, user string) error {
	if _, err := t.client.RenewAPIKey(ctx, tenant, user); err != nil {
		return err
	}
	t.done("renewed a user's key")
	return nil
}

// showFailures shows three errors as a program meets them.
func (t *argoSteps) showFailures(ctx context.Context, tenant string) error {
	t.title("What failures look like")

	_, err := t.create(ctx, &argo.Tenant{Info: argo.Info{Name: t.prefix + "alpha"}})
	if !errors.Is(err, tenantkit.ErrConflict) {
		return fmt.Errorf("a second tenant of the same name: expected a conflict, got %w", err)
	}
	t.done("a name that is taken (errors.Is ErrConflict, outcome %s):", tenantkit.OutcomeOf(err))
	t.note("%v", err)

	_, err = t.client.GetTenant(ctx, "no-such-tenant")
	if !errors.Is(err, tenantkit.ErrNotFound) {
		return fmt.Errorf("an unknown tenant: expected not found, got %w", err)
	}
	t.done("an unknown tenant (errors.Is ErrNotFound):")
	t.note("%v", err)

	err = t.client.UpdateTenant(ctx, &argo.Tenant{ID: tenant, Info: argo.Info{Name: t.prefix + "alpha"}, Users: []argo.User{{Name: "ada"}}})
	var invalid *tenantkit.ValidationError
	if !errors.As(err, &invalid) {
		return fmt.Errorf("a user without a key: expected a validation error, got %w", err)
	}
	t.done("an update that would lose a key (errors.As *ValidationError, field %s):", invalid.Field)
	t.note("%v", err)
	return nil
}

func (t *argoSteps) listAll(ctx context.Context) error {
	t.title("All tenants")
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "    NAME\tWEBSITE\tUSERS\tCREATED")
	others := 0
	for tenant, err := range t.client.AllTenants(ctx) {
		if err != nil {
			return err
		}
		if !strings.HasPrefix(tenant.Info.Name, t.prefix) {
			others++
			continue
		}
		fmt.Fprintf(table, "    %s\t%s\t%d\t%s\n", tenant.Info.Name, tenant.Info.Website, len(tenant.Users), tenant.Info.Created)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if others > 0 {
		t.note("and %d that the quickstart did not make, and does not touch", others)
	}
	t.line("")
	return nil
}

// cleanUp deletes what the tour made, found by name: also what was created by a call that was not
// answered.
func (t *argoSteps) cleanUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, cleanupTimeout)
	defer cancel()
	// First the names, then the deletions, since the list is still being read while the loop
	// runs.
	made := make(map[string]string)
	for tenant, err := range t.client.AllTenants(ctx) {
		if err != nil {
			return fmt.Errorf("clean up of tenants named %s…: %w", t.prefix, err)
		}
		if strings.HasPrefix(tenant.Info.Name, t.prefix) {
			made[tenant.ID] = tenant.Info.Name
		}
	}
	var failed error
	for id, name := range made {
		if err := t.client.DeleteTenant(ctx, id); err != nil {
			failed = errors.Join(failed, fmt.Errorf("clean up of tenant %s: %w", name, err))
			continue
		}
		t.done("deleted tenant %s", name)
	}
	return failed
}
