package proof

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/provisioning/keboola/keboolatest"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/security/infoworks/infoworkstest"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
	"github.com/tenantkit/tenantkit/tenant/worklytics/worklyticstest"
)

// Every credential and every secret is one of these texts, or made in a run and noted there.
const (
	argoKey, argoKey2       = "MARKER-argo-key-1", "MARKER-argo-key-2"
	argoUserKey, argoDBPass = "MARKER-argo-user-key", "MARKER-argo-db-password"
	storageKey, storageKey2 = "MARKER-storage-token-1", "MARKER-storage-token-2"
	userPassword            = "MARKER-user-password"
	projectToken            = "MARKER-project-token"
	sinkKey, sinkKey2       = "MARKER-sink-key-1", "MARKER-sink-key-2"
	sinkPassword            = "MARKER-sink-password"
	loginPassword           = "MARKER-login-password"
	loginRefresh            = "MARKER-login-refresh-token"
)

var markers = []string{"MARKER-"}

var argoService = service{
	name: "argo", operations: operationsOf(argo.Operations()),
	own: map[string]string{"AllTenants": "ListTenants", "ModifyTenant": "UpdateTenant", "KeepStatus": "UpdateTenantStatus", "ProvisionUser": "CreateUser",
		"EnsureTenant": "CreateTenant", "EnsureUser": "CreateUser", "Reconcile": "CreateTenant", "Call": "GetTenant", "CallPage": "ListUsers"},
	start: func(o serverOptions) *stand {
		options := []argotest.Option{argotest.WithAdminKey(argoKey, argotest.RoleSuperAdmin), argotest.WithAdminKey(argoKey2, argotest.RoleSuperAdmin)}
		if o.tls {
			options = append(options, argotest.WithTLS())
		}
		server := argotest.NewServer(options...)
		id := server.AddTenant(argotest.Tenant{
			Info:   argotest.Info{Name: "acme", Email: "it@acme.example"},
			DBConf: []argotest.DBConf{{Store: "ar", Password: argoDBPass}},
			Status: &argotest.Status{EngineConfig: true, LastCheck: "2018-08-10T12:32:45Z"},
			Users:  []argotest.User{{ID: "ada", Name: "ada", APIKey: argoUserKey, Roles: []string{"admin"}}},
		})
		user := server.Users(id)[0].ID
		return &stand{server: server.Server, baseURL: server.BaseURL(), secrets: markers, connect: func(t testing.TB, opts ...tenantkit.Option) client {
			c, err := argo.NewClient(server.BaseURL(), rotate(argoKey, argoKey2), opts...)
			return client{c, argoCalls(c, id, user), argoGood(id, user), closing(t, c, err)}
		}}
	},
}

func argoCalls(c *argo.Client, id, user string) map[string]call {
	tenant := func() *argo.Tenant {
		return &argo.Tenant{
			ID: id, Info: argo.Info{Name: "other", Email: "it@other.example"}, DBConf: []argo.DBConf{{Store: "ar", Password: tenantkit.NewSecret(argoDBPass)}},
			Users: []argo.User{{Name: "bob", APIKey: tenantkit.NewSecret("MARKER-argo-bob")}},
		}
	}
	status := &argo.Status{EngineConfig: true, LastCheck: "2018-08-10T12:32:45Z"}
	return map[string]call{
		"ListTenants": func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.ListTenants(ctx, o...) },
		"AllTenants":  func(ctx context.Context, o ...tenantkit.Option) (any, error) { return drain(c.AllTenants(ctx, o...)) },
		"GetTenant":   func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.GetTenant(ctx, id, o...) },
		"CreateTenant": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.CreateTenant(ctx, tenant(), o...)
		},
		"UpdateTenant": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.UpdateTenant(ctx, tenant(), o...))
		},
		"DeleteTenant": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.DeleteTenant(ctx, id, o...))
		},
		"GetTenantStatus": func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.GetTenantStatus(ctx, id, o...) },
		"UpdateTenantStatus": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.UpdateTenantStatus(ctx, id, status, o...))
		},
		"ListUsers": func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.ListUsers(ctx, id, o...) },
		"CreateUser": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.CreateUser(ctx, id, &argo.User{Name: "grace"}, o...)
		},
		"ProvisionUser": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.ProvisionUser(ctx, id, &argo.User{Name: "grace"}, o...)
		},
		"GetUser": func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.GetUser(ctx, id, user, o...) },
		"UpdateUser": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.UpdateUser(ctx, id, &argo.User{ID: user, Name: "ada", Email: "new@acme.example", APIKey: tenantkit.NewSecret(argoUserKey)}, o...))
		},
		"DeleteUser": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.DeleteUser(ctx, id, user, o...))
		},
		"RenewAPIKey": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.RenewAPIKey(ctx, id, user, o...)
		},
		"FindUser": func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.FindUser(ctx, user, o...) },
		"EnsureTenant": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.EnsureTenant(ctx, &argo.Tenant{Info: argo.Info{Name: "ensured"}}, o...)
		},
		"EnsureUser": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.EnsureUser(ctx, id, &argo.User{Name: "grace", Email: "grace@acme.example", Roles: []argo.Role{argo.RoleViewer}}, o...)
		},
		"Reconcile": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.Reconcile(ctx, &argo.Tenant{Info: argo.Info{Name: "desired"}}, argo.ReconcileOptions{}, o...)
		},
		"Call": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			var got struct{ Data []argo.Tenant }
			op := tenantkit.Operation{Name: "GetTenant", Method: "GET", Path: "/admin/tenants/{id}", Class: tenantkit.Read}
			err := c.Call(ctx, op, tenantkit.CallParams{Path: map[string]string{"id": id}}, &got, o...)
			return got, err
		},
		"CallPage": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			var got []argo.User
			op := tenantkit.Operation{Name: "ListUsers", Method: "GET", Path: "/admin/tenants/{id}/users", Class: tenantkit.Read}
			_, err := c.CallPage(ctx, op, tenantkit.CallParams{Path: map[string]string{"id": id}, Items: "data"}, &got, o...)
			return got, err
		},
		"ModifyTenant": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.ModifyTenant(ctx, id, func(t *argo.Tenant) error { t.Info.Website = "www.acme.example"; return nil }, o...)
		},
		"KeepStatus": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.KeepStatus(ctx, id, func(ctx context.Context) error {
				return c.UpdateUser(ctx, id, &argo.User{ID: user, Name: "ada", Email: "kept@acme.example", APIKey: tenantkit.NewSecret(argoUserKey)})
			}, o...))
		},
	}
}

var worklyticsService = service{
	name: "worklytics", operations: operationsOf(worklytics.Operations()), own: map[string]string{
		"ModifyDataConnection": "UpdateDataConnection", "Reconcile": "CreateDataConnection", "Call": "GetDataConnection",
	},
	start: func(o serverOptions) *stand {
		var options []worklyticstest.Option
		if o.tls {
			options = append(options, worklyticstest.WithTLS())
		}
		server := worklyticstest.NewServer(options...)
		id := server.Add(worklyticstest.DataConnection{IntegrationID: "asana-psoxy", Settings: map[string]any{
			"PROXY_ENDPOINT": "https://psoxy-asana-abc.a.run.app/", "PROXY_DEPLOYMENT_KIND": "GCP",
		}})
		s := &stand{server: server.Server, baseURL: server.BaseURL()}
		s.connect = func(t testing.TB, opts ...tenantkit.Option) client {
			tokens := []string{server.GoogleToken("ci@acme.example", 24*time.Hour), server.GoogleToken("ci@acme.example", 48*time.Hour)}
			s.secrets = append([]string{"MARKER-"}, tokens...)
			c, err := worklytics.NewClient(server.BaseURL(), worklyticstest.DefaultTenantID, rotate(tokens...), opts...)
			return client{c, worklyticsCalls(c, id), worklyticsGood(id), closing(t, c, err)}
		}
		return s
	},
}

func worklyticsCalls(c *worklytics.Client, id string) map[string]call {
	made := func(id string) *worklytics.DataConnection {
		return &worklytics.DataConnection{
			ID: id, NumericID: id != "", IntegrationID: worklytics.IntegrationAsana,
			Settings: worklytics.GCPProxy{Endpoint: "https://psoxy-asana-xyz.a.run.app/"}.Settings(),
		}
	}
	return map[string]call{
		"CreateDataConnection": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.CreateDataConnection(ctx, made(""), o...)
		},
		"GetDataConnection": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.GetDataConnection(ctx, id, o...)
		},
		"UpdateDataConnection": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.UpdateDataConnection(ctx, made(id), o...)
		},
		"DeleteDataConnection": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.DeleteDataConnection(ctx, id, o...))
		},
		"Reconcile": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			desired := []worklytics.DesiredConnection{{Name: "asana", IntegrationID: worklytics.IntegrationAsana, Settings: made("").Settings}}
			return c.Reconcile(ctx, coord.Memory(), desired, worklytics.ReconcileOptions{}, o...)
		},
		"Call": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			var got struct{ IntegrationID string }
			op := tenantkit.Operation{Name: "GetDataConnection", Method: "GET", Path: "/data-connections/{id}", Class: tenantkit.Read}
			err := c.Call(ctx, op, tenantkit.CallParams{Path: map[string]string{"id": id}}, &got, o...)
			return got, err
		},
		"ModifyDataConnection": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.ModifyDataConnection(ctx, id, func(d *worklytics.DataConnection) error {
				d.Settings[worklytics.SettingEndpoint] = "https://psoxy-asana-xyz.a.run.app/"
				return nil
			}, o...)
		},
	}
}

var keboolaService = service{
	name: "keboola", operations: operationsOf(keboola.Operations()), own: map[string]string{
		"AllProjects": "ListProjects", "AllUsers": "ListUsers", "Call": "GetProject", "CallPage": "ListProjects",
	},
	start: func(o serverOptions) *stand {
		options := []keboolatest.Option{keboolatest.WithToken(storageKey), keboolatest.WithToken(storageKey2)}
		if o.tls {
			options = append(options, keboolatest.WithTLS())
		}
		server := keboolatest.NewServer(options...)
		login := server.AddUser(keboolatest.User{Login: "ada@example.org", Password: userPassword})
		server.AddUser(keboolatest.User{Login: "grace@example.org", Password: userPassword})
		pid := server.AddProject(keboolatest.Project{PID: "sales", Token: projectToken, CreatedOn: epoch.Add(-time.Hour), Members: map[string]string{login: "admin"}})
		secrets := []string{"MARKER-", "PGP MESSAGE", `"password-`}
		return &stand{server: server.Server, baseURL: server.BaseURL(), secrets: secrets, connect: func(t testing.TB, opts ...tenantkit.Option) client {
			c, err := keboola.NewClient(server.BaseURL(), rotate(storageKey, storageKey2), opts...)
			return client{c, keboolaCalls(c, pid, login), keboolaGood(pid, login), closing(t, c, err)}
		}}
	},
}

func keboolaCalls(c *keboola.Client, pid, login string) map[string]call {
	project := &keboola.NewProject{Name: "stock", CustomToken: tenantkit.NewSecret(projectToken)}
	return map[string]call{
		"ListProjects": func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.ListProjects(ctx, nil, o...) },
		"AllProjects":  func(ctx context.Context, o ...tenantkit.Option) (any, error) { return drain(c.AllProjects(ctx, o...)) },
		"GetProject":   func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.GetProject(ctx, pid, o...) },
		"CreateProject": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.CreateProject(ctx, project, o...)
		},
		"CreateProjectWithUser": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.CreateProjectWithUser(ctx, project, o...)
		},
		"DeleteProject": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.DeleteProject(ctx, pid, nil, o...))
		},
		"ListUsers": func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.ListUsers(ctx, nil, o...) },
		"AllUsers":  func(ctx context.Context, o ...tenantkit.Option) (any, error) { return drain(c.AllUsers(ctx, o...)) },
		"CreateUser": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.CreateUser(ctx, &keboola.NewUser{Login: "new@example.org", Password: tenantkit.NewSecret(userPassword), FirstName: "New", LastName: "User"}, o...)
		},
		"DeleteUser": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.DeleteUser(ctx, login, nil, o...))
		},
		"UserSSO": func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.UserSSO(ctx, login, o...) },
		"AddUserToProject": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.AddUserToProject(ctx, pid, "grace@example.org", keboola.RoleEditor, o...))
		},
		"RemoveUserFromProject": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.RemoveUserFromProject(ctx, pid, login, o...))
		},
		"ProjectAccess": func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.ProjectAccess(ctx, pid, o...) },
		"Call": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			var got keboola.Project
			op := tenantkit.Operation{Name: "GetProject", Method: "GET", Path: "/projects/{pid}", Class: tenantkit.Read}
			err := c.Call(ctx, op, tenantkit.CallParams{Path: map[string]string{"pid": pid}}, &got, o...)
			return got, err
		},
		"CallPage": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			var got []keboola.Project
			op := tenantkit.Operation{Name: "ListProjects", Method: "GET", Path: "/projects", Class: tenantkit.Read}
			_, err := c.CallPage(ctx, op, tenantkit.CallParams{}, &got, o...)
			return got, err
		},
		"ProjectCredentials": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.ProjectCredentials(ctx, pid, o...)
		},
	}
}

const sinkID = "eaa19702-3806-4ee7-9466-91f0968699d9"

var datasinkService = service{
	name: "autoid", operations: operationsOf(autoid.Operations()), own: map[string]string{
		"AllSinks": "QuerySinks", "EnsureSink": "CreateSink", "Call": "QuerySinks", "CallPage": "QuerySinks", "AcknowledgeAssignments": "UpdateAssignmentStatus", "AcknowledgeRules": "UpdateRuleStatus",
		"AcknowledgeRoles": "UpdateRoleStatus",
	},
	start: func(o serverOptions) *stand {
		options := []autoidtest.Option{autoidtest.WithAPIKey(sinkKey), autoidtest.WithAPIKey(sinkKey2), autoidtest.WithUser("admin", sinkPassword)}
		if o.tls {
			options = append(options, autoidtest.WithTLS())
		}
		server := autoidtest.NewServer(options...)
		server.AddSinks(autoidtest.Sink{ID: sinkID, Name: "old"})
		return &stand{server: server.Server, baseURL: server.BaseURL(), secrets: markers, connect: func(t testing.TB, opts ...tenantkit.Option) client {
			c, err := autoid.NewClient(server.BaseURL(), autoid.Credentials{
				User: "admin", Password: rotate(sinkPassword), APIKey: rotate(sinkKey, sinkKey2),
			}, opts...)
			return client{c, datasinkCalls(c), datasinkGood(), closing(t, c, err)}
		}}
	},
}

var allSinks = tenantkit.Operation{Name: "QuerySinks", Method: "POST", Path: "/api/datasink/query", Class: tenantkit.Read}

func datasinkCalls(c *autoid.Client) map[string]call {
	made := &autoid.Sink{ID: "7b3c1f0e-8f6e-4f6c-9d2b-0a1b2c3d4e5f", Name: "new", Config: []byte(`{"port":8443}`)}
	assignments := []autoid.AssignmentStatus{{User: "john", Entitlements: []string{"e1"}, DatasinkStatus: autoid.Ack}}
	rules := []autoid.RuleStatus{{Entitlement: "e1", Justification: []string{"j1"}, DatasinkStatus: autoid.Ack}}
	roles := []autoid.RoleStatus{{RoleID: sinkID, Status: autoid.RoleActive, DatasinkStatus: autoid.Ack}}
	return map[string]call{
		"CreateSink": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.CreateSink(ctx, made, o...))
		},
		"EnsureSink": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.EnsureSink(ctx, made, o...)
		},
		"Call": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			var got []autoid.Sink
			err := c.Call(ctx, allSinks, tenantkit.CallParams{Body: struct{}{}}, &got, o...)
			return got, err
		},
		"CallPage": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			var got []autoid.Sink
			_, err := c.CallPage(ctx, allSinks, tenantkit.CallParams{Body: struct{}{}}, &got, o...)
			return got, err
		},
		"UpdateSink": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.UpdateSink(ctx, &autoid.Sink{ID: sinkID, Name: "newer"}, o...))
		},
		"DeleteSink": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.DeleteSink(ctx, sinkID, o...))
		},
		"UpdateAssignmentStatus": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.UpdateAssignmentStatus(ctx, assignments, o...))
		},
		"UpdateRuleStatus": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.UpdateRuleStatus(ctx, rules, o...))
		},
		"UpdateRoleStatus": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.UpdateRoleStatus(ctx, roles, o...))
		},
		"QuerySinks": func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.QuerySinks(ctx, nil, o...) },
		"AllSinks": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return drain(c.AllSinks(ctx, nil, o...))
		},
		"UpdateTimestamps": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.UpdateTimestamps(ctx, sinkID, autoid.Timestamps{Certify: epoch}, o...))
		},
		"QueryLogs": func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.QueryLogs(ctx, nil, o...) },
		"UpdateLogs": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.UpdateLogs(ctx, sinkID, []string{"line"}, o...))
		},
		"AcknowledgeAssignments": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.AcknowledgeAssignments(ctx, slices.Values(assignments), autoid.BulkOptions{}, o...)
		},
		"AcknowledgeRules": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.AcknowledgeRules(ctx, slices.Values(rules), autoid.BulkOptions{}, o...)
		},
		"AcknowledgeRoles": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.AcknowledgeRoles(ctx, slices.Values(roles), autoid.BulkOptions{}, o...)
		},
	}
}

var infoworksService = service{
	name: "infoworks", operations: operationsOf(infoworks.Operations()), own: map[string]string{"Call": "UserData", "CallPage": "UserData"},
	start: func(o serverOptions) *stand {
		options := []infoworkstest.Option{
			infoworkstest.WithUsers(infoworkstest.User{Email: "admin@infoworks.io", Password: loginPassword, RefreshToken: loginRefresh}),
			infoworkstest.WithDirectory(infoworkstest.DirectoryUser{Email: "new@infoworks.io", Login: "new"}),
		}
		if o.tls {
			options = append(options, infoworkstest.WithTLS())
		}
		if o.call == "SAMLRedirectURL" {
			options = append(options, infoworkstest.WithSAML("https://login.example.org/saml"))
		}
		server := infoworkstest.NewServer(options...)
		server.Allow("admin@infoworks.io", "pipeline", "run", "17")
		return &stand{server: server.Server, baseURL: server.BaseURL(), secrets: markers, connect: func(t testing.TB, opts ...tenantkit.Option) client {
			c, err := infoworks.NewClient(server.BaseURL(), infoworks.Credentials{
				Username: "admin@infoworks.io", Password: rotate(loginPassword), RefreshToken: rotate(loginRefresh),
			}, opts...)
			return client{c, infoworksCalls(c), infoworksGood(), closing(t, c, err)}
		}}
	},
}

var userData = tenantkit.Operation{Name: "UserData", Method: "POST", Path: "/security/get/user/data", Class: tenantkit.Read}

func infoworksCalls(c *infoworks.Client) map[string]call {
	return map[string]call{
		"Authenticate": func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.Authenticate(ctx, o...) },
		"AccessToken":  func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.AccessToken(ctx, o...) },
		"RevokeAccessToken": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.RevokeAccessToken(ctx, o...))
		},
		"RegenerateRefreshToken": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return only(c.RegenerateRefreshToken(ctx, o...))
		},
		"ValidateToken": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			made, err := c.TokenSource().Token(ctx)
			if err != nil {
				return nil, err
			}
			return c.ValidateToken(ctx, made.Value, o...)
		},
		"AuthoriseUser": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.AuthoriseUser(ctx, &infoworks.Authorisation{EntityType: "pipeline", Action: "run", EntityID: "17"}, o...)
		},
		"SAMLRedirectURL": func(ctx context.Context, o ...tenantkit.Option) (any, error) { return c.SAMLRedirectURL(ctx, o...) },
		"UserData": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.UserData(ctx, &infoworks.UserQuery{UserIDs: []string{"new"}}, o...)
		},
		"Call": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			var got struct{ Users []infoworks.UserEntry }
			err := c.Call(ctx, userData, tenantkit.CallParams{Body: &infoworks.UserQuery{UserIDs: []string{"new"}}}, &got, o...)
			return got, err
		},
		"CallPage": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			var got []infoworks.UserEntry
			params := tenantkit.CallParams{Body: &infoworks.UserQuery{UserIDs: []string{"new"}}, Items: "users", NextMember: "links.next"}
			_, err := c.CallPage(ctx, userData, params, &got, o...)
			return got, err
		},
		"BulkLDAPSync": func(ctx context.Context, o ...tenantkit.Option) (any, error) {
			return c.BulkLDAPSync(ctx, &infoworks.LDAPSync{SearchOn: infoworks.SearchOnEmail, SearchList: []string{"new@infoworks.io"}}, o...)
		},
	}
}

// closing returns what closes a client that was made, and ends the test where it was not.
func closing(t testing.TB, c interface{ CloseIdleConnections() }, err error) func() {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return c.CloseIdleConnections
}
