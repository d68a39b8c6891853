// Program is what the tests of package auth run as gcloud, aws and others: it does what its
// arguments say.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && modes[args[0]] != nil {
		modes[args[0]](args[1:])
		return
	}
	cloudProgram(args)
}

var modes = map[string]func(args []string){
	"print": func(args []string) { fmt.Print(args[0]) },
	"env":   func(args []string) { fmt.Print(os.Getenv(args[0])) },
	// fail STATUS STDOUT STDERR
	"fail": func(args []string) {
		fmt.Fprint(os.Stdout, args[1])
		fmt.Fprint(os.Stderr, args[2])
		status, err := strconv.Atoi(args[0])
		must(err)
		os.Exit(status)
	},
	// flood prints for ever, whether somebody reads or not.
	"flood": func([]string) {
		signal.Ignore(syscall.SIGPIPE)
		line := []byte(strings.Repeat("0123456789abcdef", 1024))
		for {
			_, _ = os.Stdout.Write(line)
		}
	},
	// chatter STDERR-BYTES LAST-LINE, then fails
	"chatter": func(args []string) {
		n, err := strconv.Atoi(args[0])
		must(err)
		out := bufio.NewWriter(os.Stderr)
		for range n / 64 {
			fmt.Fprintln(out, strings.Repeat("chatter ", 7)+"......")
		}
		fmt.Fprintln(out, args[1])
		must(out.Flush())
		os.Exit(1)
	},
	// hang ADDRESS connects there and never ends, deaf to SIGTERM and SIGINT.
	"hang": func(args []string) {
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
		connectAndHang(args[0])
	},
	// family ADDRESS starts a hanging child that shares its output, and hangs too.
	"family": func(args []string) {
		must(child("hang", args[0]).Start())
		connectAndHang(args[0])
	},
	// orphan ADDRESS TOKEN prints the token and ends, and leaves a hanging child behind that
	// shares its output.
	"orphan": func(args []string) {
		must(child("hang", args[0]).Start())
		fmt.Println(args[1])
	},
	// question asks, and takes an answer for the token.
	"question": func([]string) {
		fmt.Fprint(os.Stderr, "Password: ")
		answer, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil {
			fmt.Fprintln(os.Stderr, "there is nobody to answer")
			os.Exit(1)
		}
		fmt.Print(answer)
	},
}

// cloudProgram prints the command line that it was given, as the answer of the cloud's program
// would hold a token.
func cloudProgram(args []string) {
	if len(args) > 0 && args[0] == "cognito-identity" {
		fmt.Printf(`{"IdentityId": "us-east-1:1", "Token": %q}`+"\n", strings.Join(args, " ")+" output="+os.Getenv("AWS_DEFAULT_OUTPUT"))
		return
	}
	fmt.Println(strings.Join(args, " "))
}

func child(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd
}

// connectAndHang tells that it runs, by its connection, which the system closes when the process is
// dead.
func connectAndHang(address string) {
	conn, err := net.Dial("tcp", address)
	must(err)
	_, _ = io.Copy(io.Discard, conn) // ends if the test closes the connection
	os.Exit(9)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(125)
	}
}
