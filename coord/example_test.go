package coord_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/tenantkit/tenantkit/coord"
)

// Processes of a machine count under a lock, and Save finds out if somebody else does without it.
func ExampleDir() {
	path, err := os.MkdirTemp("", "coord-") // in a program: a directory that all processes know
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(path)

	dir := coord.Dir(path)
	held, unlock, err := dir.Lock(context.Background(), "onboarding")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, version, err := dir.Load(held, "onboarding")
	if err != nil {
		fmt.Println(err)
	}
	next, err := dir.Save(held, "onboarding", []byte("step 1"), version)
	fmt.Println("saved:", next != "", err)
	_, err = dir.Save(held, "onboarding", []byte("step 1 again"), version)
	fmt.Println("stale:", errors.Is(err, coord.ErrStale))
	fmt.Println("unlocked:", unlock(), held.Err())
	// Output:
	// saved: true <nil>
	// stale: true
	// unlocked: <nil> context canceled
}
