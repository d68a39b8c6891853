package autoid_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/coord"
	"github.com/tenantkit/tenantkit/datasink/autoid"
	"github.com/tenantkit/tenantkit/datasink/autoid/autoidtest"
)

// memoryCheckpoint remembers what was saved, and when.
type memoryCheckpoint struct {
	state            autoid.BulkState
	saves            []time.Duration
	started          time.Time
	takes            time.Duration
	loadErr, saveErr error
}

func (*memoryCheckpoint) Lock(ctx context.Context) (context.Context, func() error, error) {
	return coord.Local().Lock(ctx, "")
}

func (m *memoryCheckpoint) Load(context.Context) (autoid.BulkState, error) {
	return m.state, m.loadErr
}

func (m *memoryCheckpoint) Save(ctx context.Context, state autoid.BulkState) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	m.saves = append(m.saves, time.Since(m.started))
	time.Sleep(m.takes)
	if m.saveErr == nil {
		m.state = state
	}
	return m.saveErr
}

func TestCheckpoint(t *testing.T) {
	t.Parallel()
	const second = time.Second
	tests := []struct {
		name  string
		every time.Duration
		takes time.Duration
		want  []time.Duration
	}{
		{"each second", 0, 0, []time.Duration{second, 2 * second, 3 * second, 4 * second, 5 * second, 5 * second}},
		{"each two seconds", 2 * second, 0, []time.Duration{2 * second, 4 * second, 5 * second}},
		{"slow saves", second, second, []time.Duration{second, 3 * second, 6 * second}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				// 50 requests of 100 ms, one at a time.
				service := &bulkService{takes: always(100 * time.Millisecond)}
				checkpoint := &memoryCheckpoint{started: time.Now(), takes: test.takes}
				result, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(500),
					autoid.BulkOptions{BatchItems: 10, Parallel: 1, Checkpoint: checkpoint, CheckpointEvery: test.every})
				if err != nil {
					t.Fatal(err)
				}
				if test.takes == 0 {
					if diff := cmp.Diff(test.want, checkpoint.saves); diff != "" {
						t.Errorf("saves (-want +got):\n%s", diff)
					}
				} else if n := len(checkpoint.saves); n < 3 || n > 5 {
					t.Errorf("saves %v", checkpoint.saves)
				}
				if diff := cmp.Diff(result.State, checkpoint.state); diff != "" {
					t.Errorf("state (-result +saved):\n%s", diff)
				}
			})
		})
	}
}

func TestCheckpointAfterCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &bulkService{takes: always(10 * time.Millisecond)}
		checkpoint := &memoryCheckpoint{started: time.Now()}
		ctx, cancel := context.WithTimeout(t.Context(), 35*time.Millisecond)
		defer cancel()
		result, err := newClient(t, service).AcknowledgeAssignments(ctx, users(1000), autoid.BulkOptions{BatchItems: 10, Checkpoint: checkpoint})
		if !errors.Is(err, context.DeadlineExceeded) || result.Done != 120 || checkpoint.state.Done != 120 {
			t.Errorf("%s, %v, saved %+v", counts(result), err, checkpoint.state)
		}
		result, err = newClient(t, service).AcknowledgeAssignments(t.Context(), users(1000), autoid.BulkOptions{Checkpoint: checkpoint})
		if err != nil || counts(result) != "read 1000 skipped 120 done 880 refused 0 unknown 0 open 0" || checkpoint.state.Done != 1000 {
			t.Errorf("%s, %v, saved %+v", counts(result), err, checkpoint.state)
		}
		service.checkAll(t, 1000)
	})
}

func TestCheckpointFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &bulkService{takes: always(100 * time.Millisecond)}
		full := errors.New("the disk is full")
		result, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(1000),
			autoid.BulkOptions{BatchItems: 10, Parallel: 1, Checkpoint: &memoryCheckpoint{saveErr: full}})
		if !errors.Is(err, full) || !strings.Contains(err.Error(), "the checkpoint cannot be saved") || result.Done > 110 {
			t.Errorf("%s, %v", counts(result), err)
		}
		before := service.requests
		if _, err := newClient(t, service).AcknowledgeAssignments(t.Context(), users(1000), autoid.BulkOptions{Checkpoint: &memoryCheckpoint{loadErr: full}}); !errors.Is(err, full) {
			t.Errorf("error %v", err)
		}
		if service.requests != before {
			t.Error("requests were sent without a checkpoint")
		}
	})
}

func TestFileCheckpoint(t *testing.T) {
	t.Parallel()
	if a, b := autoid.FileCheckpoint("a"), autoid.FileCheckpoint("b"); a == b {
		t.Error("checkpoints of different files are equal")
	}
	directory := t.TempDir()
	path := filepath.Join(directory, "run.checkpoint")
	checkpoint := autoid.FileCheckpoint(path)
	if state, err := checkpoint.Load(t.Context()); err != nil || !cmp.Equal(state, autoid.BulkState{}) {
		t.Errorf("without a file: %+v, %v", state, err)
	}
	// What a killed program left behind does no harm.
	left, old := filepath.Join(directory, ".run.checkpoint.1.tmp"), time.Now().Add(-time.Hour)
	if err := errors.Join(os.WriteFile(left, []byte(strings.Repeat("x", 10_000)), 0o600), os.Chtimes(left, old, old)); err != nil {
		t.Fatal(err)
	}
	for i := range int64(3) {
		want := autoid.BulkState{
			Operation: "AcknowledgeRules", Settled: []autoid.Span{{From: 0, To: 17}, {From: 20, To: 30 + i}}, Done: 20, Refused: 7 + i,
			First: autoid.Fingerprint{Items: 40, Checksum: "abc"},
		}
		if err := checkpoint.Save(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		got, err := checkpoint.Load(t.Context())
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v, state (-want +got):\n%s", err, diff)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if files, err := os.ReadDir(directory); err != nil || len(files) != 1 {
		t.Errorf("files %v, %v", files, err)
	}

	for name, text := range map[string]string{"empty": "", "cut off": `{"operation":"Ack`, "another file": `{"name":"x"}`, "a list": `[]`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if state, err := checkpoint.Load(t.Context()); err == nil || !strings.Contains(err.Error(), path+" is not a checkpoint") {
			t.Errorf("%s: %+v, %v", name, state, err)
		}
	}
	if _, err := autoid.FileCheckpoint(directory).Load(t.Context()); err == nil {
		t.Error("a directory is read as a checkpoint")
	}
	if err := autoid.FileCheckpoint(filepath.Join(directory, "none", "x")).Save(t.Context(), autoid.BulkState{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("saved into a directory that does not exist: %v", err)
	}
	// A link in the place of the file is replaced, and not followed.
	victim := filepath.Join(directory, "victim")
	if err := errors.Join(os.WriteFile(victim, []byte("precious"), 0o600), os.Remove(path), os.Symlink(victim, path)); err != nil {
		t.Fatal(err)
	}
	if err := checkpoint.Save(t.Context(), autoid.BulkState{Operation: "AcknowledgeRules"}); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(victim); err != nil || string(data) != "precious" {
		t.Errorf("the file behind a link holds %q, %v", data, err)
	}
	if err := os.Mkdir(filepath.Join(directory, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := autoid.FileCheckpoint(filepath.Join(directory, "taken")).Save(t.Context(), autoid.BulkState{}); err == nil {
		t.Error("saved over a directory")
	}
}

const (
	childEnv  = "TENANTKIT_DATASINK_CHILD" // the checkpoint of a run in a process of its own
	serverEnv = "TENANTKIT_DATASINK_SERVER"
	killItems = 10_000
	killBatch = 25
)

// acknowledgeAsChild is the program that TestKill kills. It writes a line for each request that is
// answered.
func acknowledgeAsChild(path string) int {
	client, err := autoid.NewClient(os.Getenv(serverEnv), autoid.Credentials{APIKey: auth.StaticToken(autoidtest.DefaultAPIKey)})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	_, err = client.AcknowledgeAssignments(context.Background(), users(killItems), autoid.BulkOptions{
		BatchItems: killBatch,
		Checkpoint: autoid.FileCheckpoint(path), CheckpointEvery: time.Nanosecond,
		Progress: func(p autoid.BulkProgress) { fmt.Println("done", p.Done, "skipped", p.Skipped) },
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("all")
	return 0
}

// A run that is killed again and again loses nothing, and does little twice.
func TestKill(t *testing.T) {
	t.Parallel()
	const kills = 10
	server := autoidtest.Start(t)
	path := filepath.Join(t.TempDir(), "run.checkpoint")
	var settled int64
	for kill := range kills + 1 {
		// Another place in the run each time, in the middle of a save as likely as not.
		killed := runChild(t, server.BaseURL(), path, 5+kill*2, kill < kills)
		if killed != (kill < kills) {
			t.Fatalf("run %d ended by itself: %v", kill, !killed)
		}
		state, err := autoid.FileCheckpoint(path).Load(t.Context())
		if err != nil {
			t.Fatalf("after kill %d: %v", kill, err)
		}
		if state.Done < settled {
			t.Errorf("after kill %d: %d are done, and %d were before", kill, state.Done, settled)
		}
		settled = state.Done
	}
	if settled != killItems {
		t.Errorf("%d items are done, want %d", settled, killItems)
	}
	for i := range killItems {
		if got := server.AssignmentStatus(fmt.Sprintf("u%d", i), "e"); got != "ack" {
			t.Fatalf("user %d has the status %q", i, got)
		}
	}
	again := server.StatusesSet() - killItems
	t.Logf("%d kills, %d items sent again", kills, again)
	// Whatever was on its way or answered while a save went on, which takes as long as the disk
	// does.
	if again > kills*100*killBatch/2 {
		t.Errorf("%d items were sent again", again)
	}
}

// runChild runs the program until it has written some lines, and then kills it, or until its end.
func runChild(t *testing.T, server, path string, lines int, kill bool) (killed bool) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, program)
	child.Env = append(os.Environ(), childEnv+"="+path, serverEnv+"="+server)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	last := ""
	for scanner := bufio.NewScanner(out); scanner.Scan(); lines-- {
		last = scanner.Text()
		if kill && lines == 0 {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = child.Wait()
	if !kill && (err != nil || last != "all") {
		t.Fatalf("the program ended with %v: %s", err, last)
	}
	return err != nil
}

// With a client that was cut off by the network, a checkpoint counts only what was answered.
func TestCheckpointAgainstFaults(t *testing.T) {
	t.Parallel()
	server := autoidtest.Start(t, autoidtest.WithUnknownDecisionsRefused())
	const n = 2000
	for i := range n {
		if i%400 != 7 {
			server.AddAssignment(fmt.Sprintf("u%d", i), "e")
		}
	}
	server.Fail("UpdateAssignmentStatus",
		autoidtest.Fault{ResetBefore: true, Rate: 0.1}, autoidtest.Fault{ResetAfter: true, Rate: 0.1}, autoidtest.Fault{Status: 503, Rate: 0.1},
		autoidtest.Fault{HTML: true, Rate: 0.05}, autoidtest.Fault{Truncate: true, Rate: 0.1}, autoidtest.Fault{Status: 500, Applied: true, Rate: 0.05},
	)
	path := filepath.Join(t.TempDir(), "run.checkpoint")
	client := toServer(t, server, quickly())
	refused := make(map[int64]bool)
	runs := 0
	for ; runs < 20; runs++ {
		result, err := client.AcknowledgeAssignments(t.Context(), users(n), autoid.BulkOptions{
			BatchItems: 20, Checkpoint: autoid.FileCheckpoint(path), MaxFailed: 3,
			Refused: func(r autoid.BulkRefusal) {
				if !errors.Is(r.Err, tenantkit.ErrBadRequest) {
					t.Errorf("item %d: %v", r.Position, r.Err)
				}
				refused[r.Position] = true
			},
		})
		checkPositions(t, result)
		if result.Read == n && result.Unknown+result.Open == 0 {
			break
		}
		if err == nil {
			t.Fatalf("no error, but %s", counts(result))
		}
	}
	t.Logf("%d runs", runs+1)
	if want := map[int64]bool{7: true, 407: true, 807: true, 1207: true, 1607: true}; !cmp.Equal(want, refused) {
		t.Errorf("refused %v, want %v", refused, want)
	}
	for i := range n {
		if got, want := server.AssignmentStatus(fmt.Sprintf("u%d", i), "e"), "ack"; got != want && i%400 != 7 {
			t.Fatalf("user %d has the status %q", i, got)
		}
	}
}
