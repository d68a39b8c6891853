package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// runMain, in the environment, makes the test program run the sandbox in place of the tests.
const runMain = "SANDBOX_TEST_RUNS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		os.Args = append(os.Args[:1], strings.Fields(os.Getenv(runMain))...)
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// transport is that of all tests. It keeps no connections, which would outlive them.
var transport = &http.Transport{DisableKeepAlives: true}

// ask sends a request, and returns the status and body of its answer.
func ask(t *testing.T, method, url, body string, headers ...string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp.StatusCode, err.Error()
	}
	return resp.StatusCode, string(text)
}

// started runs the program until the test ends, and returns what it says.
func started(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, args, in, io.Discard)
		_ = in.Close()
	}()
	said := readIntroduction(t, out)
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the program ended with %v", err)
		}
	})
	return said
}

// readIntroduction reads what the program says when it starts.
func readIntroduction(t *testing.T, out io.Reader) string {
	t.Helper()
	var said strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		said.WriteString(lines.Text() + "\n")
		if lines.Text() == "Ctrl-C ends it." {
			return said.String()
		}
	}
	t.Fatalf("the program ended: %v\n%s", lines.Err(), &said)
	return ""
}

var pageLine = regexp.MustCompile(`(?m)^What becomes of it all is on (http://.*)$`)

func pageOf(t *testing.T, said string) string {
	t.Helper()
	found := pageLine.FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("no address of a page in\n%s", said)
	}
	return found[1]
}

// line is a line for curl, and what it is answered with, once and once more.
type line struct {
	words    []string
	statuses []string
}

var comment = regexp.MustCompile(`^# .* \((\d{3})(?:, then (\d{3}))?\)$`)

func linesOf(t *testing.T, said string) []line {
	t.Helper()
	var lines []line
	before := ""
	for text := range strings.SplitSeq(said, "\n") {
		if strings.HasPrefix(text, "curl ") {
			found := comment.FindStringSubmatch(before)
			if found == nil {
				t.Fatalf("%q does not say what comes back from\n%s", before, text)
			}
			again := found[2]
			if again == "" {
				again = found[1]
			}
			lines = append(lines, line{shellWords(text), []string{found[1], again}})
		}
		before = text
	}
	return lines
}

// shellWords takes a line apart as a shell does, as far as it has single quotes and backslashes.
func shellWords(text string) []string {
	var words []string
	word, quoted, escaped := "", false, false
	for _, c := range text {
		switch {
		case escaped:
			word, escaped = word+string(c), false
		case c == '\'':
			quoted = !quoted
		case quoted:
			word += string(c)
		case c == '\\':
			escaped = true
		case c == ' ':
			words, word = append(words, word), ""
		default:
			word += string(c)
		}
	}
	return append(words, word)
}

// curl does what curl does with the words, and returns the status.
func curl(t *testing.T, words []string) (string, string) {
	t.Helper()
	method, url, body := "GET", "", ""
	var headers []string
	for i := 1; i < len(words); i++ {
		switch words[i] {
		case "-sS", "-i":
			continue
		case "-X":
			method = words[i+1]
		case "-H":
			headers = append(headers, words[i+1])
		case "-d":
			body = words[i+1]
		case "-u":
			req := &http.Request{Header: make(http.Header)}
			name, password, _ := strings.Cut(words[i+1], ":")
			req.SetBasicAuth(name, password)
			headers = append(headers, "Authorization: "+req.Header.Get("Authorization"))
		default:
			url = words[i]
			continue
		}
		i++
	}
	status, text := ask(t, method, url, body, headers...)
	return fmt.Sprint(status), text
}

// Each printed line works, once and once more, and is answered as it is said.
func TestLines(t *testing.T) {
	t.Parallel()
	said := started(t)
	lines := linesOf(t, said)
	if len(lines) < 30 {
		t.Errorf("%d lines, want several for each system", len(lines))
	}
	for round := range 2 {
		for _, line := range lines {
			if got, body := curl(t, line.words); got != line.statuses[round] {
				t.Errorf("round %d: %q is answered with %s %s, want %s", round, line.words, got, body, line.statuses[round])
			}
		}
	}
}

func TestShellWords(t *testing.T) {
	t.Parallel()
	for _, c := range []command{
		{method: "POST", url: "http://127.0.0.1/x?a=b c", user: "a:b", headers: []string{"A: it's"}, body: `{"a":"'' b"}`},
	} {
		got := shellWords(c.String())
		want := []string{
			"curl", "-sS", "-i", "-X", "POST", "http://127.0.0.1/x?a=b c", "-u", "a:b", "-H", "A: it's", "-H", "Content-Type: application/json", "-d", `{"a":"'' b"}`,
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Errorf("%s: %q, want %q", c, got, want)
		}
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-nothing"}, {"more"}, {"-ports", "-1"}, {"-ports", "65532"}, {"-ports", "x"}} {
		var stderr bytes.Buffer
		if err := run(t.Context(), args, io.Discard, &stderr); !errors.Is(err, errUsage) || !strings.Contains(stderr.String(), "Usage") {
			t.Errorf("%q: %v, %s", args, err, &stderr)
		}
	}
	var stderr bytes.Buffer
	if err := run(t.Context(), []string{"-help"}, io.Discard, &stderr); !errors.Is(err, flag.ErrHelp) || !strings.Contains(stderr.String(), "-ports") {
		t.Errorf("help: %v, %s", err, &stderr)
	}
}

func TestRun_RejectsOtherAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:8080", "example.org:80"} {
		err := run(t.Context(), []string{"-addr", address}, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), "not on the loopback interface") || !strings.Contains(err.Error(), address) {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"8080", "127.0.0.1", "127.0.0.1:x"} {
		if err := run(t.Context(), []string{"-addr", address}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "the web page") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestLocalhostIsTaken(t *testing.T) {
	t.Parallel()
	if status, _ := ask(t, "GET", pageOf(t, started(t, "-addr", "localhost:0")), ""); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
}

// taken listens on a port of its own.
func taken(t *testing.T) (net.Listener, int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener, listener.Addr().(*net.TCPAddr).Port
}

func TestPorts(t *testing.T) {
	t.Parallel()
	// The four ports behind a free one are most likely free as well.
	for range 20 {
		listener, first := taken(t)
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		box, err := open(t.Context(), first)
		if err != nil {
			continue
		}
		defer box.close()
		for i, s := range box.systems {
			if want := fmt.Sprintf("http://127.0.0.1:%d", first+i); !strings.HasPrefix(s.baseURL, want) {
				t.Errorf("%s is at %s, want %s", s.name, s.baseURL, want)
			}
		}
		return
	}
	t.Error("there are no five free ports in a row")
}

func TestTakenPorts(t *testing.T) {
	t.Parallel()
	listener, port := taken(t)
	defer listener.Close()
	for _, args := range [][]string{{"-addr", listener.Addr().String()}, {"-ports", fmt.Sprint(port)}, {"-ports", fmt.Sprint(port - 1)}} {
		var stdout bytes.Buffer
		if err := run(t.Context(), args, &stdout, io.Discard); err == nil || !strings.Contains(err.Error(), "in use") || stdout.Len() > 0 {
			t.Errorf("%q: %v, %s", args, err, &stdout)
		}
	}
}

// A start that nobody can read is none.
func TestClosedOutput(t *testing.T) {
	t.Parallel()
	out, in := io.Pipe()
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), nil, in, io.Discard); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%v", err)
	}
}
