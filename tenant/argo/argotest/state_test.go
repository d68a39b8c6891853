package argotest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit/tenant/argo/argotest"
)

// allTrue is a status whose total is true.
func allTrue() *argotest.Status {
	node := argotest.AMSNode{Ingestion: true, Publishing: true, StatusStreaming: true, MessagesArrived: 9007199254740993}
	return &argotest.Status{
		AMS: argotest.AMS{MetricData: node, SyncData: node}, HDFS: argotest.HDFS{MetricData: true}, EngineConfig: true,
	}
}

func TestWhatWipesTheStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, path, body string
		wiped                    bool
	}{
		{"update tenant", "PUT", "/tenants/t", `{"info":{"name":"n"},"users":[{"api_key":"k"}]}`, true},
		{"create user", "POST", "/tenants/t/users", `{}`, true},
		{"update user", "PUT", "/tenants/t/users/u", `{}`, true},
		{"delete user", "DELETE", "/tenants/t/users/u", ``, true},
		{"renew key", "POST", "/tenants/t/users/u/renew_api_key", ``, true},
		{"get tenant", "GET", "/tenants/t", ``, false},
		{"list users", "GET", "/tenants/t/users", ``, false},
		{"other tenant", "PUT", "/tenants/other", `{}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := argotest.Start(t)
			s.AddTenant(argotest.Tenant{ID: "t", Info: argotest.Info{Name: "n"}, Users: []argotest.User{{ID: "u", APIKey: "k"}}, Status: allTrue()})
			s.AddTenant(argotest.Tenant{ID: "other"})
			mustCall(t, s, tt.method, tt.path, tt.body)
			status := s.Tenants()[0].Status
			if wiped := status == nil; wiped != tt.wiped {
				t.Errorf("wiped = %t, want %t", wiped, tt.wiped)
			}
			read := mustCall(t, s, "GET", "/tenants/t/status", "").body
			if total := strings.Contains(read, `"total_status": true`); total == tt.wiped {
				t.Errorf("status reads %s", read)
			}
		})
	}
}

func TestTotalStatus(t *testing.T) {
	t.Parallel()
	complete := argotest.SyncData{
		AggregationProfile: true, BlankRecomputation: true, ConfigurationProfile: true, Downtimes: true, GroupEndpoints: true,
		GroupGroups: true, MetricProfile: true, OperationsProfile: true, Weights: true,
	}
	tests := []struct {
		name   string
		change func(*argotest.Status)
		want   bool
	}{
		{"no report", func(*argotest.Status) {}, true},
		{"complete report", func(s *argotest.Status) { s.HDFS.SyncData = map[string]argotest.SyncData{"a": complete} }, true},
		{"sent as true", func(s *argotest.Status) { s.TotalStatus, s.EngineConfig = true, false }, false},
		{"one flag of one report", func(s *argotest.Status) {
			lacking := complete
			lacking.Weights = false
			s.HDFS.SyncData = map[string]argotest.SyncData{"a": complete, "b": lacking}
		}, false},
		{"hdfs", func(s *argotest.Status) { s.HDFS.MetricData = false }, false},
		{"ingestion", func(s *argotest.Status) { s.AMS.MetricData.Ingestion = false }, false},
		{"publishing", func(s *argotest.Status) { s.AMS.SyncData.Publishing = false }, false},
		{"streaming", func(s *argotest.Status) { s.AMS.SyncData.StatusStreaming = false }, false},
		{"no messages", func(s *argotest.Status) { s.AMS.SyncData.MessagesArrived = 0 }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := argotest.Start(t)
			status := allTrue()
			tt.change(status)
			s.AddTenant(argotest.Tenant{ID: "t", Status: status})
			if got := s.Tenants()[0].Status.TotalStatus; got != tt.want {
				t.Errorf("TotalStatus = %t, want %t", got, tt.want)
			}
			read := mustCall(t, s, "GET", "/tenants/t/status", "").body
			if !strings.Contains(read, fmt.Sprintf(`"total_status": %t`, tt.want)) {
				t.Errorf("reads %s", read)
			}
		})
	}
}

func TestStatusIsStoredExactly(t *testing.T) {
	t.Parallel()
	s := argotest.Start(t)
	s.AddTenant(argotest.Tenant{ID: "t"})
	mustCall(t, s, "PUT", "/tenants/t/status", `{"AMS":{"Metric_Data":{"messages_arrived":9223372036854775807}},"total_status":true,"last_check":"x"}`)
	want := &argotest.Status{AMS: argotest.AMS{MetricData: argotest.AMSNode{MessagesArrived: 9223372036854775807}}, LastCheck: "x"}
	if diff := cmp.Diff(want, s.Tenants()[0].Status); diff != "" {
		t.Errorf("status differs (-want +got):\n%s", diff)
	}
}

// Names are unique among tenants, keys among all users, and "" is one of each.
func TestUniqueness(t *testing.T) {
	t.Parallel()
	const name = "Tenant with same name already exists"
	key := func(k string) string { return "More than one users found using the key: " + k }
	tests := []struct {
		name, method, path, body string
		want                     string // details of the 409; empty for success
	}{
		{"create, name taken", "POST", "/tenants", `{"info":{"name":"one"}}`, name},
		{"create, name in other case", "POST", "/tenants", `{"info":{"name":"One"}}`, ""},
		{"create, empty name taken", "POST", "/tenants", `{}`, name},
		{"create, key taken", "POST", "/tenants", `{"info":{"name":"x"},"users":[{"api_key":"K2"}]}`, key("K2")},
		{"create, key in other case", "POST", "/tenants", `{"info":{"name":"x"},"users":[{"api_key":"k2"}]}`, ""},
		{"create, key twice", "POST", "/tenants", `{"info":{"name":"x"},"users":[{"api_key":"a"},{"api_key":"a"}]}`, key("a")},
		{"create, users without key", "POST", "/tenants", `{"info":{"name":"x"},"users":[{},{}]}`, ""},
		{"create, name before key", "POST", "/tenants", `{"info":{"name":"one"},"users":[{"api_key":"K2"}]}`, name},
		{"update, own name", "PUT", "/tenants/t1", `{"info":{"name":"one"}}`, ""},
		{"update, name taken", "PUT", "/tenants/t1", `{"info":{"name":"two"}}`, name},
		{"update, own key", "PUT", "/tenants/t1", `{"info":{"name":"one"},"users":[{"api_key":"K1"}]}`, ""},
		{"update, key taken", "PUT", "/tenants/t1", `{"info":{"name":"one"},"users":[{"api_key":"K2"}]}`, key("K2")},
		{"update, key before name", "PUT", "/tenants/t1", `{"info":{"name":"two"},"users":[{"api_key":"K2"}]}`, key("K2")},
		{"update, two users without key", "PUT", "/tenants/t1", `{"info":{"name":"one"},"users":[{},{}]}`, key("")},
		{"update user, key taken elsewhere", "PUT", "/tenants/t1/users/u1", `{"api_key":"K2"}`, key("K2")},
		{"update user, key taken beside", "PUT", "/tenants/t2/users/u2", `{"api_key":"K3"}`, key("K3")},
		{"update user, own key", "PUT", "/tenants/t1/users/u1", `{"api_key":"K1"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := argotest.Start(t)
			s.AddTenant(argotest.Tenant{ID: "t1", Info: argotest.Info{Name: "one"}, Users: []argotest.User{{ID: "u1", APIKey: "K1"}}})
			s.AddTenant(argotest.Tenant{ID: "t2", Info: argotest.Info{Name: "two"}, Users: []argotest.User{{ID: "u2", APIKey: "K2"}, {ID: "u3", APIKey: "K3"}}})
			s.AddTenant(argotest.Tenant{ID: "t3"})
			before := s.Tenants()
			got := call(t, s, tt.method, tt.path, tt.body)
			if tt.want == "" {
				if got.status/100 != 2 {
					t.Errorf("answer = %d %s", got.status, got.body)
				}
				return
			}
			if got.status != 409 || !strings.Contains(got.body, fmt.Sprintf("\"details\": %q\n", tt.want)) {
				t.Errorf("answer = %d %s, want details %q", got.status, got.body, tt.want)
			}
			if diff := cmp.Diff(before, s.Tenants()); diff != "" {
				t.Errorf("a refused request changed the state (-before +after):\n%s", diff)
			}
		})
	}
}

// The database takes documents of 16 MiB. Handlers of tenants crash at a larger one, those of users
// report it.
func TestDocumentsOver16MiB(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 16<<20)
	tests := []struct {
		name, method, path, body string
		status                   int
	}{
		{"create tenant", "POST", "/tenants", `{"info":{"name":"` + long + `"}}`, 200},
		{"update tenant", "PUT", "/tenants/t", `{"info":{"name":"` + long + `"}}`, 200},
		{"update status", "PUT", "/tenants/t/status", `{"last_check":"` + long + `"}`, 200},
		{"create user", "POST", "/tenants/t/users", `{"name":"` + long + `"}`, 500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := argotest.Start(t)
			s.AddTenant(argotest.Tenant{ID: "t"})
			before := s.Tenants()
			got := call(t, s, tt.method, tt.path, tt.body)
			if got.err != nil || got.status != tt.status {
				t.Fatalf("status = %d, %v", got.status, got.err)
			}
			if crashed := got.body == "" && got.header["Content-Type"] == nil; crashed != (tt.status == 200) {
				t.Errorf("answer = %q %q", got.header["Content-Type"], got.body)
			}
			if requests := s.Requests(); !cmp.Equal(before, s.Tenants()) || s.Applied(requests[0].Operation) != 0 {
				t.Error("the document was stored, or counts as applied")
			}
		})
	}
}

func TestSeededTenants(t *testing.T) {
	t.Parallel()
	s := argotest.Start(t)
	given := argotest.Tenant{
		Info: argotest.Info{Name: "n", Created: "2020-01-01 00:00:00"}, DBConf: []argotest.DBConf{{Port: 1}},
		Users: []argotest.User{{Name: "a"}, {ID: "u", APIKey: "k", Roles: []string{"admin_ui", "admin_ui"}}}, Status: allTrue(),
	}
	id := s.AddTenant(given)
	given.Users[0].Name, given.Users[1].Roles[0], given.DBConf[0].Port, given.Status.EngineConfig = "X", "X", 9, false

	got := s.Tenants()[0]
	if got.ID != id || got.Info.Updated != "2020-01-01 00:00:00" || got.DBConf[0].Port != 1 || !got.Status.TotalStatus {
		t.Errorf("tenant = %+v", got)
	}
	users := s.Users(id)
	if users[0].Name != "a" || users[0].ID == "" || len(users[0].APIKey) != 64 {
		t.Errorf("made parts are missing: %+v", users[0])
	}
	if diff := cmp.Diff(argotest.User{ID: "u", APIKey: "k", Roles: []string{"admin_ui", "admin_ui"}}, users[1]); diff != "" {
		t.Errorf("given parts differ (-want +got):\n%s", diff)
	}
	users[1].Roles[0] = "Y"
	if s.Users(id)[1].Roles[0] != "admin_ui" {
		t.Error("Users gives the server's own memory away")
	}
	if s.Users("none") != nil {
		t.Error("an unknown tenant has users")
	}
}

// A role that a user has twice lists the user twice, as the real server does.
func TestUIListHasUsersTwice(t *testing.T) {
	t.Parallel()
	s := argotest.Start(t, argotest.WithAdminKey(argotest.DefaultKey, argotest.RoleUI))
	s.AddTenant(argotest.Tenant{Users: []argotest.User{{ID: "u", Roles: []string{"admin_ui", "x", "admin_ui"}}, {ID: "v"}}})
	body := mustCall(t, s, "GET", "/tenants", "").body
	if strings.Count(body, `"id": "u"`) != 2 || strings.Contains(body, `"id": "v"`) {
		t.Errorf("list = %s", body)
	}
}

// No users, an empty list, and users that are all gone again.
func TestUsersNullOrEmpty(t *testing.T) {
	t.Parallel()
	s := argotest.Start(t)
	for body, want := range map[string]string{
		`{"info":{"name":"a"}}`:              `"data": null`,
		`{"info":{"name":"b"},"users":null}`: `"data": null`,
		`{"info":{"name":"c"},"users":[]}`:   `"data": []`,
	} {
		mustCall(t, s, "POST", "/tenants", body)
		tenants := s.Tenants()
		id := tenants[len(tenants)-1].ID
		if got := mustCall(t, s, "GET", "/tenants/"+id+"/users", "").body; !strings.Contains(got, want) {
			t.Errorf("after %s: %s, want %s", body, got, want)
		}
	}
	id := s.AddTenant(argotest.Tenant{Users: []argotest.User{{ID: "u"}}})
	mustCall(t, s, "DELETE", "/tenants/"+id+"/users/u", "")
	if got := mustCall(t, s, "GET", "/tenants/"+id+"/users", "").body; !strings.Contains(got, `"data": []`) {
		t.Errorf("after the last user is deleted: %s", got)
	}
}
