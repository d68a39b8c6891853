package infoworks_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/security/infoworks"
)

// A client that is nil, names without end and numbers that cannot be are refused before anything is
// sent.
func TestRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	var none *infoworks.Client
	negative, long := -1, strings.Repeat("a", 65<<10)
	const base = "https://127.0.0.1:9/v3"
	client, err := infoworks.NewClient(base, infoworks.Credentials{RefreshToken: auth.StaticToken("x")})
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdleConnections()
	_, numberErr := infoworks.NewClient(base, infoworks.Credentials{ServiceID: &negative})
	_, userErr := infoworks.NewClient(base, infoworks.Credentials{Username: "a\nb", Password: auth.StaticToken("x")})
	_, entityErr := client.AuthoriseUser(t.Context(), &infoworks.Authorisation{EntityID: long})
	_, queryErr := client.UserData(t.Context(), &infoworks.UserQuery{UserIDs: []string{"a", long}})
	_, syncErr := client.BulkLDAPSync(t.Context(), &infoworks.LDAPSync{SearchList: []string{"a\xff"}})
	_, validErr := none.ValidateToken(t.Context(), tenantkit.NewSecret("x"))
	_, samlErr := none.SAMLRedirectURL(t.Context())
	for name, test := range map[string]struct {
		err   error
		field string
	}{
		"service": {numberErr, "credentials.ServiceID"}, "user": {userErr, "credentials.Username"}, "entity": {entityErr, "authorisation.EntityID"},
		"query": {queryErr, "query.UserIDs"}, "sync": {syncErr, "sync.SearchList"}, "nil validates": {validErr, "client"}, "nil redirects": {samlErr, "client"},
		"nil revokes": {none.RevokeAccessToken(t.Context()), "credentials"},
	} {
		var invalid *tenantkit.ValidationError
		if !errors.As(test.err, &invalid) || invalid.Field != test.field {
			t.Errorf("%s: got %v, want a ValidationError of %s", name, test.err, test.field)
		}
	}
	none.CloseIdleConnections()
	if _, err := none.TokenSource().Token(t.Context()); err == nil {
		t.Error("a nil client gives a token")
	}
}
