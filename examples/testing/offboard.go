package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/tenant/argo"
)

// access is a user of a tenant that belongs to the person.
type access struct{ tenantID, tenant, userID string }

// offboard removes the person of an e-mail address from all tenants, and returns the names of those
// that it removed them from. A tenant that fails does not keep it from the others; the error names
// each. It may be called again.
func offboard(ctx context.Context, client *argo.Client, email string) (removed []string, err error) {
	found, err := findAccess(ctx, client, email)
	if err != nil {
		return nil, err
	}
	var failed error
	for _, a := range found {
		if err := a.remove(ctx, client); err != nil {
			failed = errors.Join(failed, fmt.Errorf("tenant %s: %w", a.tenant, err))
			continue
		}
		removed = append(removed, a.tenant)
	}
	return removed, failed
}

// findAccess reads all before anything is changed.
func findAccess(ctx context.Context, client *argo.Client, email string) (found []access, err error) {
	for tenant, err := range client.AllTenants(ctx) {
		if err != nil {
			return nil, err
		}
		// The list holds users, too, but not for every administrator: to see none there
		// must not pass for there being none.
		users, err := client.ListUsers(ctx, tenant.ID)
		if err != nil {
			return nil, fmt.Errorf("tenant %s: %w", tenant.Info.Name, err)
		}
		for _, user := range users {
			if strings.EqualFold(user.Email, email) {
				found = append(found, access{tenant.ID, tenant.Info.Name, user.ID})
			}
		}
	}
	return found, nil
}

// remove deletes the user, and keeps the tenant's status, which that wipes.
func (a access) remove(ctx context.Context, client *argo.Client) error {
	return client.KeepStatus(ctx, a.tenantID, func(ctx context.Context) error {
		err := client.DeleteUser(ctx, a.tenantID, a.userID)
		if err == nil || tenantkit.OutcomeOf(err) != tenantkit.OutcomeUnknown {
			return err
		}
		// No answer, and the client's own repetitions had none either: look. A list without
		// the user is better proof than a 404 for the user, which may come from something
		// between here and the service.
		users, look := client.ListUsers(ctx, a.tenantID)
		if look != nil || slices.ContainsFunc(users, func(user argo.User) bool { return user.ID == a.userID }) {
			return err
		}
		return nil
	})
}
