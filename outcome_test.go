package tenantkit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/tenantkit/tenantkit"
)

func failure(outcome tenantkit.Outcome) error { return &tenantkit.Error{Outcome: outcome} }

func TestOutcomeOf(t *testing.T) {
	t.Parallel()
	const (
		unknown, notSent, rejected, applied = tenantkit.OutcomeUnknown, tenantkit.OutcomeNotSent, tenantkit.OutcomeRejected, tenantkit.OutcomeApplied
	)
	invalid := &tenantkit.ValidationError{Operation: "Create"}
	tests := map[string]struct {
		err  error
		want tenantkit.Outcome
	}{
		"nil":                          {nil, applied},
		"foreign":                      {errors.New("x"), unknown},
		"context":                      {context.Canceled, unknown},
		"rejected":                     {failure(rejected), rejected},
		"applied":                      {failure(applied), applied},
		"not sent":                     {failure(notSent), notSent},
		"unknown":                      {failure(unknown), unknown},
		"bad input":                    {invalid, notSent},
		"wrapped":                      {fmt.Errorf("a: %w", fmt.Errorf("b: %w", failure(rejected))), rejected},
		"wrapped bad input":            {fmt.Errorf("a: %w", invalid), notSent},
		"wrapped foreign":              {fmt.Errorf("a: %w", errors.New("x")), unknown},
		"outer before inner":           {&tenantkit.Error{Outcome: notSent, Err: failure(applied)}, notSent},
		"joined with a foreign one":    {errors.Join(errors.New("x"), failure(rejected)), rejected},
		"joined alike":                 {errors.Join(failure(rejected), failure(rejected)), rejected},
		"joined, nothing happened":     {errors.Join(failure(rejected), failure(notSent), invalid), rejected},
		"joined with unknown":          {errors.Join(failure(notSent), failure(unknown)), unknown},
		"joined, applied and rejected": {errors.Join(failure(rejected), failure(applied)), unknown},
		"joined, applied and not sent": {errors.Join(failure(notSent), failure(applied)), unknown},
		"joined, applied":              {errors.Join(failure(applied), failure(applied)), applied},
		"joined foreign ones":          {errors.Join(errors.New("x"), errors.New("y")), unknown},
		"two wrapped":                  {fmt.Errorf("%w and %w", failure(notSent), failure(unknown)), unknown},
		"kind and error":               {fmt.Errorf("%w: %w", tenantkit.ErrConflict, failure(rejected)), rejected},
		"deep":                         {fmt.Errorf("a: %w", errors.Join(nil, fmt.Errorf("b: %w", errors.Join(failure(rejected), failure(unknown))))), unknown},
		"its own way to be found":      {finder{failure(rejected)}, rejected},
		"its own outcome":              {fmt.Errorf("a: %w", outcomeError{failure(applied)}), notSent},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tenantkit.OutcomeOf(tt.err); got != tt.want {
				t.Errorf("OutcomeOf(%v) = %v, want %v", tt.err, got, tt.want)
			}
		})
	}
}

// finder is an error that does not unwrap, and can be found by errors.As.
type finder struct{ error }

func (f finder) As(target any) bool { return errors.As(f.error, target) }

// outcomeError is an error with an outcome of its own.
type outcomeError struct{ error }

func (outcomeError) Outcome() tenantkit.Outcome { return tenantkit.OutcomeNotSent }

func (e outcomeError) Unwrap() error { return e.error }

func TestOutcomeText(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[tenantkit.Outcome]string{
		tenantkit.OutcomeUnknown: "unknown", tenantkit.OutcomeNotSent: "not sent", tenantkit.OutcomeRejected: "rejected", tenantkit.OutcomeApplied: "applied", 99: "unknown",
	} {
		data, err := json.Marshal(map[string]any{"outcome": outcome})
		if outcome.String() != want || fmt.Sprint(outcome) != want || err != nil || string(data) != `{"outcome":"`+want+`"}` {
			t.Errorf("%d: %s, %s, %v, want %s", uint8(outcome), outcome, data, err, want)
		}
	}
}
