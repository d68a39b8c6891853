package proof

import (
	"context"
	"encoding/json"
	"time"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

// good makes the arguments of a call that the server takes, but for the context and the options:
// all fields that may be set are, so that TestFields finds them. A slice in the place of an
// iterator becomes one.
type good func() []any

func of(args ...any) good { return func() []any { return args } }

func extra() map[string]json.RawMessage { return map[string]json.RawMessage{"unknown": []byte(`"x"`)} }

func argoGood(id, user string) map[string]good {
	newUser := func() *argo.User {
		return &argo.User{ID: "u", Name: "grace", Email: "grace@acme.example", Roles: []argo.Role{argo.RoleAdmin}, Extra: extra()}
	}
	keyed := func(id string) *argo.User {
		u := newUser()
		u.ID, u.APIKey = id, tenantkit.NewSecret("MARKER-argo-new-key")
		return u
	}
	tenant := func() *argo.Tenant {
		return &argo.Tenant{
			ID: id, Extra: extra(), Users: []argo.User{*keyed("u")},
			Info: argo.Info{
				Name: "other", Email: "it@other.example", Description: "d", Image: "i", Website: "w",
				Created: "2020-01-01 00:00:00", Updated: "2020-01-01 00:00:00", Extra: extra(),
			},
			DBConf:   []argo.DBConf{{Store: "ar", Server: "s", Port: 27017, Database: "d", Username: "u", Password: tenantkit.NewSecret(argoDBPass), Extra: extra()}},
			Topology: argo.Topology{Type: "GOCDB", Feed: "https://feed.example", Extra: extra()},
		}
	}
	status := func() *argo.Status {
		project := func() argo.AMSProject {
			return argo.AMSProject{Ingestion: true, Publishing: true, StatusStreaming: true, MessagesArrived: 17, Extra: extra()}
		}
		data := argo.SyncData{
			AggregationProfile: true, BlankRecomputation: true, ConfigurationProfile: true, Downtimes: true, GroupEndpoints: true, GroupGroups: true,
			MetricProfile: true, OperationsProfile: true, Weights: true, Extra: extra(),
		}
		return &argo.Status{
			Total: true, AMS: argo.AMS{MetricData: project(), SyncData: project(), Extra: extra()}, EngineConfig: true, LastCheck: "today", Extra: extra(),
			HDFS: argo.HDFS{MetricData: true, SyncData: map[string]argo.SyncData{"Critical": data}, Extra: extra()},
		}
	}
	return map[string]good{
		"ListTenants": of(), "AllTenants": of(), "GetTenant": of(id), "DeleteTenant": of(id), "GetTenantStatus": of(id), "ListUsers": of(id),
		"GetUser": of(id, user), "DeleteUser": of(id, user), "RenewAPIKey": of(id, user), "FindUser": of(user),
		"CreateTenant":       func() []any { return []any{tenant()} },
		"UpdateTenant":       func() []any { return []any{tenant()} },
		"UpdateTenantStatus": func() []any { return []any{id, status()} },
		"CreateUser":         func() []any { return []any{id, newUser()} },
		"ProvisionUser":      func() []any { return []any{id, newUser()} },
		"UpdateUser":         func() []any { return []any{id, keyed(user)} },
		"ModifyTenant":       of(id, func(t *argo.Tenant) error { t.Info.Website = "w"; return nil }),
		"EnsureTenant":       func() []any { return []any{tenant()} },
		"EnsureUser":         func() []any { return []any{id, newUser()} },
		"Reconcile": func() []any {
			desired := tenant()
			desired.Users[0].APIKey = tenantkit.Secret{}
			return []any{desired, argo.ReconcileOptions{Planned: func(argo.Changes) error { return nil }, Before: func(argo.Change) error { return nil }, After: func(argo.Change) {}}}
		},
		"KeepStatus": of(id, func(context.Context) error { return nil }),
	}
}

func worklyticsGood(id string) map[string]good {
	connection := func(id string) []any {
		return []any{&worklytics.DataConnection{
			ID: id, NumericID: id != "", IntegrationID: worklytics.IntegrationAsana, Extra: extra(), OtherSettings: extra(),
			Settings: worklytics.GCPProxy{Endpoint: "https://psoxy-asana-xyz.a.run.app/"}.Settings(),
		}}
	}
	return map[string]good{
		"CreateDataConnection": func() []any { return connection("") },
		"UpdateDataConnection": func() []any { return connection(id) },
		"Reconcile": func() []any {
			desired := []worklytics.DesiredConnection{{Name: "asana", IntegrationID: worklytics.IntegrationAsana, Settings: worklytics.GCPProxy{Endpoint: "https://psoxy-asana-xyz.a.run.app/"}.Settings()}}
			return []any{coord.Memory(), desired, worklytics.ReconcileOptions{}}
		},
		"GetDataConnection": of(id), "DeleteDataConnection": of(id),
		"ModifyDataConnection": of(id, func(d *worklytics.DataConnection) error { d.Settings["NAME"] = "x"; return nil }),
	}
}

func keboolaGood(pid, login string) map[string]good {
	project := func() []any {
		return []any{&keboola.NewProject{Name: "stock", CustomToken: tenantkit.NewSecret(projectToken)}}
	}
	return map[string]good{
		"ListProjects": func() []any { return []any{&keboola.ListProjectsOptions{Next: "x"}} },
		"ListUsers":    func() []any { return []any{&keboola.ListUsersOptions{Next: "x"}} },
		"AllProjects":  of(), "AllUsers": of(), "GetProject": of(pid), "ProjectAccess": of(pid), "ProjectCredentials": of(pid), "UserSSO": of(login),
		"CreateProject": project, "CreateProjectWithUser": project,
		"DeleteProject": func() []any {
			return []any{pid, &keboola.DeleteProjectOptions{User: true, IgnoreGoodDataErrors: true}}
		},
		"DeleteUser": func() []any { return []any{login, &keboola.DeleteUserOptions{IgnoreGoodDataErrors: true}} },
		"CreateUser": func() []any {
			return []any{&keboola.NewUser{
				Login: "new@example.org", Password: tenantkit.NewSecret(userPassword), FirstName: "New", LastName: "User", Email: "n@example.org", SSOProvider: "x",
			}}
		},
		"AddUserToProject":      of(pid, "grace@example.org", keboola.RoleEditor),
		"RemoveUserFromProject": of(pid, login),
	}
}

func datasinkGood() map[string]good {
	sink := func(id string) []any {
		return []any{&autoid.Sink{
			ID: id, Name: "new", Config: []byte(`{"port":8443}`), Logs: []byte(`["line"]`), Extra: extra(),
			Timestamps: autoid.Timestamps{AutoCertify: epoch, AutoRequest: epoch, Certify: epoch, Revoke: epoch, RolePublish: epoch},
		}}
	}
	assignments := func() []autoid.AssignmentStatus {
		return []autoid.AssignmentStatus{{User: "john", Entitlements: []string{"e1"}, DatasinkStatus: autoid.Ack}}
	}
	rules := func() []autoid.RuleStatus {
		return []autoid.RuleStatus{{Entitlement: "e1", Justification: []string{"j1"}, DatasinkStatus: autoid.Ack}}
	}
	roles := func() []autoid.RoleStatus {
		return []autoid.RoleStatus{{RoleID: sinkID, Status: autoid.RoleActive, DatasinkStatus: autoid.Ack}}
	}
	bulk := func() autoid.BulkOptions {
		return autoid.BulkOptions{
			BatchItems: 10, BatchBytes: 1 << 10, Parallel: 2, MaxRefused: 10, MaxFailed: 10, CheckpointEvery: time.Second,
			Progress: func(autoid.BulkProgress) {}, Refused: func(autoid.BulkRefusal) {},
			Resume: autoid.BulkState{},
		}
	}
	// Of a run that stopped before its first item was settled.
	resumed := func() []any {
		options := bulk()
		options.Resume = autoid.BulkState{
			Operation: "AcknowledgeRoles", Settled: []autoid.Span{{From: 0, To: 1}}, Done: 1, First: autoid.Fingerprint{Items: 1, Checksum: "x"},
		}
		return []any{roles(), options}
	}
	filter := func() []any {
		between := autoid.Threshold{Lower: autoid.GT(epoch), Upper: autoid.LT(epoch.AddDate(1, 0, 0))}
		return []any{&autoid.SinkFilter{
			ID: sinkID, Name: "old", AutoCertify: between, AutoRequest: between, Certify: between, Revoke: between, RolePublish: between,
		}}
	}
	const newID = "7b3c1f0e-8f6e-4f6c-9d2b-0a1b2c3d4e5f"
	return map[string]good{
		"CreateSink": func() []any { return sink(newID) }, "EnsureSink": func() []any { return sink(newID) }, "UpdateSink": func() []any { return sink(sinkID) },
		"DeleteSink": of(sinkID), "AllSinks": filter, "QuerySinks": filter,
		"UpdateAssignmentStatus": func() []any { return []any{assignments()} },
		"UpdateRuleStatus":       func() []any { return []any{rules()} },
		"UpdateRoleStatus":       func() []any { return []any{roles()} },
		"QueryLogs":              func() []any { return []any{&autoid.LogFilter{ID: sinkID, Name: "old"}} },
		"UpdateTimestamps": of(sinkID, autoid.Timestamps{
			AutoCertify: epoch, AutoRequest: epoch, Certify: epoch, Revoke: epoch, RolePublish: epoch,
		}),
		"UpdateLogs":             func() []any { return []any{sinkID, any([]string{"line"})} },
		"AcknowledgeAssignments": func() []any { return []any{assignments(), bulk()} },
		"AcknowledgeRules":       func() []any { return []any{rules(), bulk()} },
		"AcknowledgeRoles":       func() []any { return []any{roles(), bulk()} },

		"AcknowledgeRoles, resumed": resumed,
	}
}

func infoworksGood() map[string]good {
	return map[string]good{
		"Authenticate": of(), "AccessToken": of(), "RevokeAccessToken": of(), "RegenerateRefreshToken": of(), "SAMLRedirectURL": of(),
		"ValidateToken": of(tenantkit.NewSecret(loginRefresh)),
		"AuthoriseUser": func() []any {
			return []any{&infoworks.Authorisation{EntityType: "pipeline", Action: "run", EntityID: "17"}}
		},
		"UserData": func() []any { return []any{&infoworks.UserQuery{UserIDs: []string{"new"}, SearchAttribute: "login"}} },
		"BulkLDAPSync": func() []any {
			yes := true
			return []any{&infoworks.LDAPSync{
				SearchOn: infoworks.SearchOnEmail, SearchList: []string{"new@infoworks.io"}, ShouldUpdate: &yes, ShouldAdd: &yes,
			}}
		},
	}
}
