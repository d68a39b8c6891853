package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

const (
	callers   = 1000
	fetchTime = 20 * time.Millisecond
)

// tokensWork measures how many goroutines at once get a token when the kept one is over, and while
// it is renewed early.
func tokensWork(ctx context.Context, r *report) error {
	details := table{
		title: "1000 goroutines whose token is over, a fetch of 20 ms", head: []string{"contender", "fetches", "last goroutine after the fetch", "wait while a token that still serves is renewed"},
		note: "x/oauth2 renews within its last 10 seconds with the callers waiting; ours with less than 2 minutes left in the background, and only in the last 30 seconds with the callers waiting.",
	}
	type outcome struct{ fetches, after, renewal []float64 }
	outcomes := map[string]*outcome{}
	const ours, theirs = "tenantkit auth.Cache", "x/oauth2 ReuseTokenSource"
	for range 9 {
		for _, contender := range []struct {
			name string
			open func(*tokenServer) func() error
		}{
			{theirs, func(s *tokenServer) func() error {
				source := oauth2.ReuseTokenSource(nil, s)
				return func() error {
					_, err := source.Token()
					return err
				}
			}},
			{ours, func(s *tokenServer) func() error {
				source := auth.Cache(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
					token, err := s.Token()
					if err != nil {
						return auth.Token{}, err
					}
					return auth.Token{Value: tenantkit.NewSecret("token"), Expiry: token.Expiry}, nil
				}), auth.WithRefreshAhead(2*time.Minute, 0))
				return func() error {
					_, err := source.Token(ctx)
					return err
				}
			}},
		} {
			o := outcomes[contender.name]
			if o == nil {
				o = &outcome{}
				outcomes[contender.name] = o
			}
			server := &tokenServer{life: time.Hour}
			after, err := together(contender.open(server), server)
			if err != nil {
				return &taskError{contender.name, err}
			}
			o.fetches = append(o.fetches, float64(server.fetches.Load()))
			o.after = append(o.after, float64(after))

			// The first token lives so long that each source is already in its time of
			// renewal.
			renewing := &tokenServer{life: 9 * time.Second}
			ask := contender.open(renewing)
			if err := ask(); err != nil {
				return &taskError{contender.name, err}
			}
			start := time.Now()
			if err := ask(); err != nil {
				return &taskError{contender.name, err}
			}
			o.renewal = append(o.renewal, float64(time.Since(start)))
			renewing.wait()
		}
	}
	for _, name := range []string{theirs, ours} {
		o := outcomes[name]
		details.add(name, count(quantile(o.fetches, 1)), time.Duration(median(o.after)).Round(time.Microsecond), time.Duration(median(o.renewal)).Round(time.Microsecond))
	}
	r.tables = append(r.tables, details)
	o, other := outcomes[ours], outcomes[theirs]
	after, otherAfter := time.Duration(median(o.after)), time.Duration(median(other.after))
	r.check("1000 goroutines, token over", "one fetch; no goroutine waits once the token is there",
		fmt.Sprintf("%.0f fetch; all served %v after it (x/oauth2 %v)", quantile(o.fetches, 1), after.Round(time.Microsecond), otherAfter.Round(time.Microsecond)),
		quantile(o.fetches, 1) == 1 && after < fetchTime)
	return nil
}

// tokenServer gives tokens, slowly.
type tokenServer struct {
	life    time.Duration
	fetches atomic.Int64
	running sync.WaitGroup
	ended   atomic.Int64 // when the last fetch ended, in nanoseconds
}

func (s *tokenServer) Token() (*oauth2.Token, error) {
	s.running.Add(1)
	defer s.running.Done()
	s.fetches.Add(1)
	time.Sleep(fetchTime)
	s.ended.Store(time.Now().UnixNano())
	return &oauth2.Token{AccessToken: "token", Expiry: time.Now().Add(s.life)}, nil
}

func (s *tokenServer) wait() { s.running.Wait() }

// together lets all callers ask at once, and returns how long after the fetch the last of them had
// its token.
func together(ask func() error, server *tokenServer) (time.Duration, error) {
	var waiting, done sync.WaitGroup
	errs := make([]error, callers)
	start := make(chan struct{})
	for i := range callers {
		waiting.Add(1)
		done.Go(func() {
			waiting.Done()
			<-start
			errs[i] = ask()
		})
	}
	waiting.Wait()
	close(start)
	done.Wait()
	return time.Since(time.Unix(0, server.ended.Load())), errors.Join(errs...)
}
