package auth_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tenantkit/tenantkit/auth"
)

// A hundred goroutines need a token at once: one of them is asked for.
func ExampleCache() {
	fetches := 0
	tokens := auth.Cache(auth.TokenSourceFunc(func(context.Context) (auth.Token, error) {
		fetches++ // in a program: ask an issuer
		return auth.Token{Value: "fresh", Expiry: time.Now().Add(15 * time.Minute)}, nil
	}))

	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if _, err := tokens.Token(context.Background()); err != nil {
				fmt.Println(err)
			}
		})
	}
	wg.Wait()

	token, err := tokens.Token(context.Background())
	fmt.Println(token.Value, err, fetches)
	// Output: [redacted] <nil> 1
}
