package proof

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	wirejson "github.com/tenantkit/tenantkit/internal/wire"
	"github.com/tenantkit/tenantkit/provisioning/keboola"
	"github.com/tenantkit/tenantkit/security/infoworks"
	"github.com/tenantkit/tenantkit/tenant/argo"
	"github.com/tenantkit/tenantkit/tenant/worklytics"
)

// jsonRow is an exported struct that programs may write and read as JSON.
type jsonRow struct {
	// into is a pointer to the zero value.
	into any
	// text is an object as the service sends it. The sign $ stands for members that no type of
	// this module has: unknown.
	text string
	// drops is set for types that ignore unknown members: they are never sent back.
	drops bool
}

// unknown are members that no type knows. The number does not fit into a float64.
const unknown = `"unknown":{"deep":[1,"é"]},"nothing":null,"large":9007199254740993`

// jsonRows are all exported structs with a representation in JSON.
var jsonRows = []jsonRow{
	{into: new(argo.Tenant), text: `{"id":"t","info":{"name":"a","email":"e","description":"d","image":"i","website":"w","created":"2026-01-02 03:04:05","updated":"2026-01-02 03:04:06",$},` +
		`"db_conf":[{"store":"ar","server":"s","port":27017,"database":"d","username":"u","password":"MARKER",$}],"topology":{"type":"GOCDB","feed":"f",$},` +
		`"users":[{"id":"u","name":"n","email":"e","api_key":"MARKER","roles":["admin","own"],$}],$}`},
	{into: new(argo.Info), text: `{"name":"a",$}`},
	{into: new(argo.DBConf), text: `{"store":"ar","port":1,"password":"MARKER",$}`},
	{into: new(argo.Topology), text: `{"type":"GOCDB",$}`},
	{into: new(argo.User), text: `{"id":"u","name":"n","api_key":"MARKER","roles":[],$}`},
	{into: new(argo.TenantStatus), drops: true, text: `{"id":"t","info":{"name":"a"},"status":{"ams":{},"engine_config":true},$}`},
	{into: new(argo.Status), text: `{"total_status":false,"ams":{"metric_data":{"ingestion":true,"messages_arrived":9007199254740993,$},"sync_data":{$},$},` +
		`"hdfs":{"metric_data":true,"sync_data":{"Critical":{"downtimes":true,"blank_recompuation":true,$}},$},"engine_config":true,"last_check":"now",$}`},
	{into: new(argo.AMS), text: `{"metric_data":{"publishing":true},$}`},
	{into: new(argo.AMSProject), text: `{"status_streaming":true,"messages_arrived":2,$}`},
	{into: new(argo.HDFS), text: `{"metric_data":true,"sync_data":{"Critical":{"weights":true}},$}`},
	{into: new(argo.SyncData), text: `{"aggregation_profile":true,"blank_recomputation":true,$}`},
	{into: new(argo.Created), drops: true, text: `{"ID":"t","Self":"s",$}`},
	{into: new(worklytics.DataConnection), text: `{"id":9007199254740993,"integrationId":"github","settings":{"a":"b","n":9007199254740993,"o":{"x":null}},$}`},
	{into: new(worklytics.AWSProxy), drops: true, text: `{"InstanceURL":"u","Region":"r","RoleARN":"a","HTTPMethod":"GET","Bucket":"b","APIGateway":true,$}`},
	{into: new(worklytics.GCPProxy), drops: true, text: `{"InstanceURL":"u","Bucket":"b",$}`},
	{into: new(worklytics.Integration), drops: true, text: `{"ID":"i","Name":"n",$}`},
	{into: new(keboola.Project), drops: true, text: `{"pid":"p","token":"MARKER","createdOn":"2026-01-02T03:04:05Z","createdBy":"a","createdById":7,"expiresOn":"2027-01-02T03:04:05Z",$}`},
	{into: new(keboola.NewProject), drops: true, text: `{"name":"n","customToken":"MARKER",$}`},
	{into: new(keboola.CreatedProject), drops: true, text: `{"pid":"p",$}`},
	{into: new(keboola.CreatedProjectWithUser), drops: true, text: `{"pid":"p","uid":"u","login":"l","password":"MARKER",$}`},
	{into: new(keboola.User), drops: true, text: `{"uid":"u","login":"l","createdOn":"2026-01-02T03:04:05Z","createdBy":"a","createdById":"7",$}`},
	{into: new(keboola.NewUser), drops: true, text: `{"login":"l","password":"MARKER","firstName":"f","lastName":"n","email":"e",$}`},
	{into: new(keboola.CreatedUser), drops: true, text: `{"uid":"u","login":"l",$}`},
	{into: new(keboola.ProjectLogin), drops: true, text: `{"uid":"u","login":"l","password":"MARKER",$}`},
	{into: new(keboola.SSOClaims), drops: true, text: `{"targetUrl":"u","ssoProvider":"p","encryptedClaims":"MARKER",$}`},
	{into: new(autoid.Sink), text: `{"id":"s","name":"n","config":{"large":9007199254740993},"logs":[{"a":null}],"autoCertifyTimestamp":"2026-01-02T03:04:05.006Z",$}`},
	{into: new(autoid.Timestamps), drops: true, text: `{"AutoCertify":"2026-01-02T03:04:05Z","Revoke":"2026-01-02T03:04:05Z",$}`},
	{into: new(autoid.AssignmentStatus), drops: true, text: `{"user":"u","entitlements":["e"],"datasink_status":"ack",$}`},
	{into: new(autoid.RuleStatus), drops: true, text: `{"entitlement":"e","justification":["j"],"datasink_status":"own",$}`},
	{into: new(autoid.RoleStatus), drops: true, text: `{"role_id":"r","status":"active","datasink_status":"nack",$}`},
	{into: new(autoid.LogFilter), drops: true, text: `{"id":"i","name":"n",$}`},
	{into: new(autoid.Span), drops: true, text: `{"from":1,"to":9007199254740993,$}`},
	{into: new(autoid.BulkState), drops: true, text: `{"operation":"AcknowledgeRoles","settled":[{"from":0,"to":9007199254740993}],"done":9007199254740993,"refused":1,"first":{"items":3,"checksum":"c"},$}`},
	{into: new(autoid.Fingerprint), drops: true, text: `{"items":3,"checksum":"c",$}`},
	{into: new(infoworks.Authentication), drops: true, text: `{"Token":"MARKER","UserID":"u","Message":"m",$}`},
	{into: new(infoworks.LDAPSync), drops: true, text: `{"search_on":"email","search_list":["a"],"should_update":false,"should_add":null,$}`},
	{into: new(infoworks.LDAPSyncResult), drops: true, text: `{"new_users_count":1,"existing_user_count":2,"added":[{"email":"a","id":7,$}],"updated":[],"failed":[{"email":"b","error":"e"}],"message":"m",$}`},
	{into: new(infoworks.SyncedUser), drops: true, text: `{"email":"a","id":"7","error":"e",$}`},
	{into: new(infoworks.Authorisation), drops: true, text: `{"entityType":"t","action":"a","entityId":"i",$}`},
	{into: new(infoworks.AuthorisationResult), drops: true, text: `{"IsAuthorised":true,"DelegationToken":"MARKER","Message":"m",$}`},
	{into: new(infoworks.Claims), drops: true, text: `{"Email":"e","Scope":{"large":9007199254740993},"Action":"a","ID":"i","IssuedAt":"2026-01-02T03:04:05Z","Expiry":"2026-01-02T03:19:05Z",$}`},
	{into: new(infoworks.UserQuery), drops: true, text: `{"userIds":["a"],"searchAttribute":"mail",$}`},
	{into: new(infoworks.UserEntry), text: `{"cn":"a",$}`},
	{into: new(auth.Token), drops: true, text: `{"Value":"MARKER","Expiry":"2026-01-02T03:04:05Z",$}`},
	{into: new(auth.StoredToken), drops: true, text: `{"Value":"MARKER","Expiry":"2026-01-02T03:04:05Z","Origin":"o",$}`},
	{into: new(auth.Grant), drops: true, text: `{"Access":{"Value":"MARKER"},"Refresh":{"Value":"MARKER"},$}`},
	{into: new(auth.Claims), drops: true, text: `{"Issuer":"i","Audience":["a"],"Expiry":"2026-01-02T03:04:05Z","All":{"b":"c"},$}`},
	{into: new(keboola.LoginForm), drops: true, text: `{"Action":"u","EncryptedClaims":"MARKER","SSOProvider":"s","TargetURL":"t",$}`},
	{into: new(worklytics.DesiredConnection), drops: true, text: `{"Name":"n","IntegrationID":"i","Settings":{"a":"b"},$}`},
	{into: new(worklytics.SettingChange), drops: true, text: `{"Key":"k","Old":"a","New":null,$}`},
	{into: new(tenantkit.Operation), drops: true, text: `{"Service":"argo","Name":"n","Method":"GET","Path":"/p","Class":"idempotent write",$}`},
	{into: new(tenantkit.Page[argo.User]), text: `{"Items":[{"id":"u","api_key":"MARKER",$}],"Next":"n"}`},
	{into: new(tenantkit.ValidationError), drops: true, text: `{"Operation":"o","Field":"f","Reason":"r",$}`},
	{into: new(tenantkit.Response), drops: true, text: `{"StatusCode":200,"Header":{"A":["b"]},"RequestID":"r","Attempts":2,"Duration":9007199254740993,"Elapsed":1,$}`},
}

// notJSON are the other exported structs, and why they have no representation in JSON.
var notJSON = map[string]string{
	"tenantkit.Secret":                  "is a JSON string, and in the rows of the types that hold one",
	"tenantkit.CallParams":              "is an argument: a program fills it in",
	"argo.ReconcileOptions":             "holds functions",
	"worklytics.ReconcileOptions":       "is an argument: a program fills it in",
	"argo.DuplicateError":               "is an error, or holds one",
	"argo.Change":                       "reports on a run",
	"argo.Changes":                      "reports on a run",
	"worklytics.ConnectionChange":       "is an error, or holds one",
	"worklytics.Changes":                "reports on a run",
	"argo.Client":                       "is not data",
	"argo.StatusLostError":              "is an error, or holds one",
	"auth.CognitoOptions":               "is an argument: a program fills it in",
	"auth.CommandSource":                "is not data",
	"auth.GCloudOptions":                "is an argument: a program fills it in",
	"auth.Refresher":                    "is not data",
	"autoid.BulkError":                  "is an error, or holds one",
	"autoid.BulkOptions":                "holds interfaces",
	"autoid.BulkProgress":               "reports on a run; its State is the part that programs store",
	"autoid.BulkRefusal":                "is an error, or holds one",
	"autoid.BulkResult":                 "reports on a run; its State is the part that programs store",
	"autoid.Client":                     "is not data",
	"autoid.Credentials":                "holds interfaces",
	"autoid.LowerBound":                 "is an argument: a program fills it in",
	"autoid.SinkFilter":                 "is an argument: a program fills it in",
	"autoid.Threshold":                  "is an argument: a program fills it in",
	"autoid.UpperBound":                 "is an argument: a program fills it in",
	"keboola.Client":                    "is not data",
	"keboola.DeleteProjectOptions":      "is an argument: a program fills it in",
	"keboola.DeleteUserOptions":         "is an argument: a program fills it in",
	"keboola.ListProjectsOptions":       "is an argument: a program fills it in",
	"keboola.ListUsersOptions":          "is an argument: a program fills it in",
	"infoworks.Client":                  "is not data",
	"infoworks.Credentials":             "holds interfaces",
	"infoworks.LDAPSyncError":           "is an error, or holds one",
	"tenantkit.Error":                   "is only written, see TestErrorAsJSON: an error cannot be read back",
	"tenantkit.RetryPolicy":             "is set in a program",
	"tenantkit.Settings":                "holds functions",
	"worklytics.Client":                 "is not data",
	"worklytics.InvalidConnectionError": "is an error, or holds one",
}

// jsonWays are the libraries that write and read. Version 2 is that of the wire, which on Go 1.27
// is the standard library's.
var jsonWays = map[string]struct {
	marshal   func(any) ([]byte, error)
	unmarshal func([]byte, any) error
}{
	"v1":     {json.Marshal, json.Unmarshal},
	"v2":     {wirejson.Marshal, func(data []byte, v any) error { return wirejson.Unmarshal(data, v) }},
	"reveal": {tenantkit.Reveal, tenantkit.Restore},
}

// TestJSON_LosesNothing decodes each type from its service's JSON, and writes and reads it by every
// pair of libraries.
func TestJSON_LosesNothing(t *testing.T) {
	t.Parallel()
	for _, row := range jsonRows {
		typ := reflect.TypeOf(row.into).Elem()
		t.Run(typ.String(), func(t *testing.T) {
			t.Parallel()
			sent := []byte(strings.ReplaceAll(row.text, "$", unknown))
			want := reflect.New(typ).Interface()
			if err := wirejson.Unmarshal(sent, want); err != nil {
				t.Fatal(err)
			}
			redacted := reflect.New(typ)
			if err := wirejson.Unmarshal(bytes.ReplaceAll(sent, []byte("MARKER"), []byte(tenantkit.Redacted)), redacted.Interface()); err != nil {
				t.Fatal(err)
			}
			for how, write := range jsonWays {
				data, err := write.marshal(want)
				if err != nil {
					t.Errorf("%s cannot write it: %v", how, err)
					continue
				}
				if lost := bytes.Count(sent, []byte(unknown)) - count(t, data, "unknown"); lost != 0 && !row.drops {
					t.Errorf("%s loses unknown members of %d objects: %s", how, lost, data)
				}
				if shown := bytes.Contains(data, []byte("MARKER")); shown != (how == "reveal" && strings.Contains(row.text, "MARKER")) {
					t.Errorf("%s shows a secret, or Reveal hides one: %s", how, data)
				}
				for with, read := range jsonWays {
					got := reflect.New(typ).Interface()
					switch err := read.unmarshal(data, got); {
					case with == "reveal" && bytes.Contains(data, []byte(tenantkit.Redacted)):
						if err == nil {
							t.Errorf("Restore takes %s", data)
						}
						continue
					case err != nil:
						t.Errorf("%s cannot read what %s wrote: %v", with, how, err)
						continue
					}
					wanted := want
					if how != "reveal" {
						wanted = redacted.Interface()
					}
					if diff := cmp.Diff(wanted, got, cmpopts.EquateEmpty()); diff != "" {
						t.Errorf("written with %s, read with %s (-want +got):\n%s", how, with, diff)
					}
				}
			}
		})
	}
}

// count returns how many objects in data have a member with the name, and all three unknown members
// if so.
func count(t *testing.T, data []byte, name string) int {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	var within func(any) int
	within = func(value any) int {
		n := 0
		switch value := value.(type) {
		case map[string]any:
			nothing, there := value["nothing"]
			if value[name] != nil && there && nothing == nil && value["large"] == json.Number("9007199254740993") {
				n++
			}
			for _, inner := range value {
				n += within(inner)
			}
		case []any:
			for _, inner := range value {
				n += within(inner)
			}
		}
		return n
	}
	return within(value)
}

// TestJSON_EveryStructHasARow fails for an exported struct that is neither in jsonRows nor in
// notJSON.
func TestJSON_EveryStructHasARow(t *testing.T) {
	t.Parallel()
	has := make(map[string]bool)
	for _, row := range jsonRows {
		name, _, _ := strings.Cut(reflect.TypeOf(row.into).Elem().String(), "[") // without type arguments
		has[name] = true
	}
	for name := range notJSON {
		if has[name] {
			t.Errorf("%s has a row, and is in notJSON too", name)
		}
		has[name] = true
	}
	found := exportedStructs(t)
	for name := range found {
		if !has[name] {
			t.Errorf("%s is an exported struct without a row: add it to jsonRows, or to notJSON with the reason", name)
		}
	}
	for name := range has {
		if !found[name] {
			t.Errorf("%s has a row, and is not there", name)
		}
	}
}

// exportedStructs returns the names of all exported structs of the promised packages.
func exportedStructs(t *testing.T) map[string]bool {
	t.Helper()
	found := make(map[string]bool)
	for _, folder := range promised {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(folder), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			ast.Inspect(parsed, func(node ast.Node) bool {
				if spec, ok := node.(*ast.TypeSpec); ok && spec.Name.IsExported() {
					if _, ok := spec.Type.(*ast.StructType); ok {
						found[parsed.Name.Name+"."+spec.Name.Name] = true
					}
				}
				_, isFunc := node.(*ast.FuncDecl)
				return !isFunc
			})
		}
	}
	if len(found) < 50 {
		t.Fatalf("only %d exported structs were found in %s", len(found), path.Join(promised...))
	}
	return found
}
