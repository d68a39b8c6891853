package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tenantkit/tenantkit/tenant/argo"
)

// plan is what there is on the service, and what is to be done.
type plan struct {
	// tenant is nil where it is still to be created.
	tenant *argo.Tenant
	steps  []step
	// twice is what is on the service twice, where a person has to say which is the right one.
	twice []string
	// others are users of whom the file says nothing.
	others []string
}

// step is one change of a tenant that is there.
type step struct {
	text string
	do   func(ctx context.Context, client *argo.Client, tenantID string) error
}

// look compares the service with the file. It changes nothing.
func (s *session) look(ctx context.Context) (*plan, error) {
	var p plan
	id, err := s.find(ctx, &p)
	if err != nil || len(p.twice) > 0 {
		return &p, err
	}
	lost, err := s.lostStatus(ctx, id)
	if err != nil {
		return nil, err
	}
	if lost != nil {
		p.steps = append(p.steps, step{"status: restore what a run that was cut off has left wiped", func(ctx context.Context, client *argo.Client, tenantID string) error {
			return client.UpdateTenantStatus(ctx, tenantID, lost)
		}})
	}
	if id != "" {
		// Its users are in the list, too, but not for every administrator: one who may not see them must not create them again.
		if p.tenant, err = s.client.GetTenant(ctx, id); err != nil {
			return nil, err
		}
		s.planTenant(&p)
	}
	s.planUsers(&p)
	return &p, nil
}

// find returns the id of the tenant, found by its name, and "" where there is none.
func (s *session) find(ctx context.Context, p *plan) (string, error) {
	var ids []string
	for tenant, err := range s.client.AllTenants(ctx) {
		if err != nil {
			return "", err
		}
		if tenant.Info.Name == s.wanted.Info.Name {
			ids = append(ids, tenant.ID)
		}
	}
	switch len(ids) {
	case 0:
		return "", nil
	case 1:
		return ids[0], nil
	}
	// The server checks a name and takes it in two steps.
	p.twice = append(p.twice, fmt.Sprintf("tenant %s, as %s", s.wanted.Info.Name, strings.Join(ids, " and ")))
	return "", nil
}

func (s *session) planTenant(p *plan) {
	now := *p.tenant
	now.DBConf = slices.Clone(now.DBConf)
	if changed := s.wanted.change(&now); len(changed) > 0 {
		p.steps = append(p.steps, step{"tenant: " + strings.Join(changed, ", "), func(ctx context.Context, client *argo.Client, tenantID string) error {
			return client.ModifyTenant(ctx, tenantID, func(tenant *argo.Tenant) error {
				s.wanted.change(tenant)
				return nil
			})
		}})
	}
}

func (s *session) planUsers(p *plan) {
	var there []argo.User
	if p.tenant != nil {
		there = p.tenant.Users
	}
	var renew, update, create []step
	for i := range s.wanted.Users {
		wanted := &s.wanted.Users[i]
		found := slices.Collect(func(yield func(argo.User) bool) {
			for _, user := range there {
				if wanted.is(user) && !yield(user) {
					return
				}
			}
		})
		switch len(found) {
		case 0:
			create = append(create, step{fmt.Sprintf("user %s: create, as %v", wanted.Email, wanted.Roles), func(ctx context.Context, client *argo.Client, tenantID string) error {
				// It reads the user back, since the server may lose one to another change at the same time.
				_, err := client.ProvisionUser(ctx, tenantID, &argo.User{Name: wanted.Name, Email: wanted.Email, Roles: wanted.Roles})
				return err
			}})
		case 1:
			if found[0].APIKey == "" {
				renew = append(renew, step{fmt.Sprintf("user %s: make a key, there is none", wanted.Email), func(ctx context.Context, client *argo.Client, tenantID string) error {
					_, err := client.RenewAPIKey(ctx, tenantID, found[0].ID)
					return err
				}})
			}
			if write, changed := wanted.change(found[0]); len(changed) > 0 {
				update = append(update, step{fmt.Sprintf("user %s: %s", wanted.Email, strings.Join(changed, ", ")), func(ctx context.Context, client *argo.Client, tenantID string) error {
					return client.UpdateUser(ctx, tenantID, write)
				}})
			}
		default:
			ids := make([]string, len(found))
			for i, user := range found {
				ids[i] = user.ID
			}
			p.twice = append(p.twice, fmt.Sprintf("user %s, as %s", wanted.Email, strings.Join(ids, " and ")))
		}
	}
	for _, user := range there {
		if !slices.ContainsFunc(s.wanted.Users, func(w wantedUser) bool { return w.is(user) }) {
			p.others = append(p.others, fmt.Sprintf("%q", user.Email))
		}
	}
	// Keys first: an update of a tenant is refused where a user has none.
	p.steps = slices.Concat(renew, p.steps, update, create)
}

func (s *session) show(p *plan) {
	if p.tenant == nil && len(p.twice) == 0 {
		s.say("+ tenant %s: create", s.wanted.Info.Name)
	}
	for _, step := range p.steps {
		s.say("~ %s", step.text)
	}
	for _, text := range p.twice {
		s.say("! twice: %s", text)
	}
	if len(p.others) > 0 {
		s.say("  not in the file, and left alone: %s", strings.Join(p.others, ", "))
	}
	if p.tenant != nil && len(p.steps) == 0 && len(p.twice) == 0 {
		s.say("  tenant %s and its %d users are as the file says", s.wanted.Info.Name, len(s.wanted.Users))
	}
}
