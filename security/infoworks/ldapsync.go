package infoworks

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/rest"
	"github.com/tenantkit/tenantkit/internal/wire"
)

// SearchOnEmail finds users of the directory by their e-mail address.
const SearchOnEmail = "email"

// LDAPSync names the users of the directory (LDAP) that Infoworks is to know.
type LDAPSync struct {
	// SearchOn is the attribute that SearchList has values of: [SearchOnEmail], or the login
	// attribute of the deployment. Empty leaves it to the server.
	SearchOn string `json:"search_on,omitzero"`
	// SearchList holds one value at least.
	SearchList []string `json:"search_list"`
	// ShouldUpdate and ShouldAdd say what is done to users whom Infoworks knows, and to others.
	// Nil is the server's default, true.
	ShouldUpdate *bool `json:"should_update,omitzero"`
	ShouldAdd    *bool `json:"should_add,omitzero"`
}

// LDAPSyncResult says what became of each user.
type LDAPSyncResult struct {
	// NewUsersCount and ExistingUserCount are the server's own counts.
	NewUsersCount     int `json:"new_users_count"`
	ExistingUserCount int `json:"existing_user_count"`
	// Added, Updated and Failed are the users themselves.
	Added   []SyncedUser `json:"added"`
	Updated []SyncedUser `json:"updated"`
	Failed  []SyncedUser `json:"failed"`
	// Message is the server's own word.
	Message string `json:"message,omitzero"`
}

// SyncedUser is one user of an [LDAPSyncResult].
type SyncedUser struct {
	// Email and ID are the user's; ID is empty where the server gave none.
	Email string `json:"email"`
	ID    string `json:"id"`
	// Error says why the user failed. It is empty for the others.
	Error string `json:"error,omitzero"`
}

// UnmarshalJSON reads also numbers where texts are documented.
func (u *SyncedUser) UnmarshalJSON(data []byte) error {
	if u == nil {
		return wire.ErrNilPointer
	}
	var read struct {
		Email wire.Text `json:"email"`
		ID    wire.Text `json:"id"`
		Error wire.Text `json:"error"`
	}
	if err := wire.Unmarshal(data, &read); err != nil {
		return err
	}
	*u = SyncedUser{Email: string(read.Email), ID: string(read.ID), Error: string(read.Error)}
	return nil
}

// Err returns the users who failed as an [*LDAPSyncError], and nil when none did.
func (r *LDAPSyncResult) Err() error {
	if r == nil || len(r.Failed) == 0 {
		return nil
	}
	return &LDAPSyncError{Failed: r.Failed}
}

// LDAPSyncError is a sync in which users failed.
type LDAPSyncError struct {
	// Failed holds one user at least.
	Failed []SyncedUser
}

const maxNamedUsers = 5

// Error names the first users who failed, with their reasons.
func (e *LDAPSyncError) Error() string {
	count := "one user"
	if len(e.Failed) != 1 {
		count = fmt.Sprintf("%d users", len(e.Failed))
	}
	var reasons []string
	for i, user := range e.Failed {
		if i == maxNamedUsers {
			reasons = append(reasons, fmt.Sprintf("and %d others", len(e.Failed)-i))
			break
		}
		reasons = append(reasons, cmp.Or(user.Email, user.ID)+": "+user.Error)
	}
	return "infoworks: BulkLDAPSync: failed for " + count + ": " + strings.Join(reasons, "; ")
}

// BulkLDAPSync adds and updates users of Infoworks from the directory. Users who failed are no
// error of the call: see [LDAPSyncResult.Err]. [Credentials.SyncWith] says what it authenticates
// with; wrong credentials are [tenantkit.ErrUnauthenticated].
//
// It is retried like any write. After an unknown outcome a second call does no harm, but
// counts what the first one added as existing. An attempt gets a minute at least.
func (c *Client) BulkLDAPSync(ctx context.Context, sync *LDAPSync, opts ...tenantkit.Option) (*LDAPSyncResult, error) {
	c = c.orZero()
	op := &bulkLDAPSync
	if sync == nil {
		return nil, op.Invalid("sync", "it is nil")
	}
	if reason := badList(sync.SearchList); reason != "" {
		return nil, op.Invalid("sync.SearchList", "%s", reason)
	}
	credential, err := c.choose(op, c.syncWith, byPassword, byRefreshToken)
	if err != nil {
		return nil, err
	}
	response, err := do[LDAPSyncResult](ctx, c, &bulkLDAPSync, rest.Call{Body: sync, Credential: credential}, nil, opts)
	if err != nil {
		return nil, err
	}
	response.Result.Message = string(response.Message)
	return response.Result, nil
}
