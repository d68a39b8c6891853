package coord_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/tenantkit/tenantkit/coord"
)

const (
	childEnv = "TENANTKIT_COORD_CHILD" // what a process of its own does
	pathEnv  = "TENANTKIT_COORD_PATH"  // with the directory
)

// child is another process that uses the directory.
func child(role string) error {
	dir := coord.Dir(os.Getenv(pathEnv))
	if role == "hold" {
		_, _, err := dir.Lock(context.Background(), "key")
		fmt.Println("held")
		time.Sleep(time.Hour)
		return err
	}
	rounds, err := strconv.Atoi(role)
	if err != nil {
		return err
	}
	for range rounds {
		if err := count(dir); err != nil {
			return err
		}
	}
	return nil
}

// count increments a value under the lock. Save fails with ErrStale if there is a second holder.
func count(dir *coord.Directory) error {
	held, unlock, err := dir.Lock(context.Background(), "key")
	if err != nil {
		return err
	}
	value, version, err := dir.Load(held, "key")
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(string(value)) // 0 if missing
	time.Sleep(time.Millisecond)        // for another to come in between
	if _, err := dir.Save(held, "key", []byte(strconv.Itoa(n+1)), version); err != nil {
		return err
	}
	return unlock()
}
