package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"github.com/tenantkit/tenantkit/tenant/argo"
)

// savedStatus is the tenant's status in a file, while changes wipe it on the server. KeepStatus restores it there also after a failure,
// but nothing can restore it when the program is killed, except the next run.
type savedStatus struct {
	TenantID string      `json:"tenant_id"`
	Status   argo.Status `json:"status"`
}

// lostStatus returns the status that a run that was cut off has saved, if the server has none now, and nil otherwise. The id is empty
// where the tenant is still to be created.
func (s *session) lostStatus(ctx context.Context, tenantID string) (*argo.Status, error) {
	data, err := os.ReadFile(s.state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var saved savedStatus
	if err := json.Unmarshal(data, &saved); err != nil {
		return nil, fmt.Errorf("%s holds no state of this program: %w; move it away", s.state, err)
	}
	if saved.TenantID != tenantID {
		return nil, fmt.Errorf("%s holds the status of another tenant, %q: end that run with its own file, or move the state away", s.state, saved.TenantID)
	}
	now, err := s.client.GetTenantStatus(ctx, tenantID)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(now.Status, argo.Status{}) {
		// The engine has reported since.
		return nil, nil
	}
	return &saved.Status, nil
}

// saveStatus saves the status before the first change, unless there is none.
func (s *session) saveStatus(ctx context.Context, tenantID string) error {
	now, err := s.client.GetTenantStatus(ctx, tenantID)
	if err != nil {
		return err
	}
	if reflect.DeepEqual(now.Status, argo.Status{}) {
		return nil
	}
	data, err := json.Marshal(savedStatus{tenantID, now.Status})
	if err != nil {
		return err
	}
	return writePrivately(s.state, data)
}

// forgetStatus ends what saveStatus began.
func (s *session) forgetStatus() error {
	if err := os.Remove(s.state); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// writePrivately writes a file that only its owner can read, in whole or not at all.
func writePrivately(path string, data []byte) (err error) {
	// A temporary file has the mode 0600.
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = file.Write(append(data, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
