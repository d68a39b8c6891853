package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// coldPrograms are the folders under cold, the floor first.
var coldPrograms = []string{"floor", "tenantkit", "retryablehttp", "resty", "github", "godo", "azure", "openai", "anthropic", "stripe"}

const module = "github.com/tenantkit/tenantkit/internal/bench/suite"

// coldTime bounds all the compiling: it takes three minutes of two processors.
const coldTime = 30 * time.Minute

// coldWork measures what a program pays for a client before its first call. The standard library is
// compiled before.
func coldWork(ctx context.Context, r *report) (err error) {
	ctx, cancel := context.WithTimeout(ctx, coldTime)
	defer cancel()
	dir, err := os.MkdirTemp("", "cold")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	details := table{
		title: "A program with one client, before its first call", head: []string{"contender", "compile and link", "binary", "added to the floor", "modules", "packages", "init"},
		note: "Compiled with the standard library already in the cache, stripped (-ldflags=\"-s -w\"). Init is the sum of all packages' initialization, the median of 15 starts.",
	}
	standard := filepath.Join(dir, "standard")
	took, err := build(ctx, dir, standard, "floor")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "  the standard library: %v\n", took.Round(100*time.Millisecond))
	var floor, ours int64
	var modules int
	for _, name := range coldPrograms {
		cache := filepath.Join(dir, "cache-"+name)
		if err := os.CopyFS(cache, os.DirFS(standard)); err != nil {
			return err
		}
		took, err := build(ctx, dir, cache, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "  %s: %v\n", name, took.Round(100*time.Millisecond))
		binary := filepath.Join(dir, name)
		info, err := os.Stat(binary)
		if err != nil {
			return err
		}
		if floor == 0 {
			floor = info.Size()
		}
		version, err := output(exec.CommandContext(ctx, "go", "version", "-m", binary))
		if err != nil {
			return err
		}
		// The first line is "<binary>: go1.27.4".
		if line, _, _ := strings.Cut(version, "\n"); line != binary+": "+runtime.Version() {
			return fmt.Errorf("%s was not built with %s: %s", name, runtime.Version(), line)
		}
		linked := strings.Count(version, "\tdep\t")
		if name == "tenantkit" {
			ours, modules = info.Size()-floor, linked
		}
		packages, err := output(exec.CommandContext(ctx, "go", "list", "-tags=", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", module+"/cold/"+name))
		if err != nil {
			return err
		}
		initTime, err := initialization(ctx, binary)
		if err != nil {
			return err
		}
		details.add(name, took.Round(100*time.Millisecond), mebibytes(float64(info.Size())), mebibytes(float64(info.Size()-floor)), linked,
			len(strings.Fields(packages))-1, initTime.Round(10*time.Microsecond))
		if err := os.RemoveAll(cache); err != nil {
			return err
		}
	}
	r.tables = append(r.tables, details)
	r.check("A program with one client", "6 modules besides the standard library, its own included", fmt.Sprintf("%d modules; %s added to the binary", modules, mebibytes(float64(ours))), modules <= 6)
	return nil
}

// build compiles a program with a cache of its own, whatever tags this one was built with, and
// returns how long that took.
func build(ctx context.Context, dir, cache, name string) (time.Duration, error) {
	command := exec.CommandContext(ctx, "go", "build", "-tags=", "-ldflags=-s -w", "-o", filepath.Join(dir, name), module+"/cold/"+name)
	command.Env = append(os.Environ(), "GOCACHE="+cache)
	start := time.Now()
	_, err := output(command)
	return time.Since(start), err
}

func output(command *exec.Cmd) (string, error) {
	var stderr bytes.Buffer
	command.Stderr = &stderr
	text, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", command, err, stderr.String())
	}
	return string(text), nil
}

// "init net/http @0.71 ms, 0.032 ms clock, 1024 bytes, 12 allocs"
var initLine = regexp.MustCompile(`(?m)^init .* ([0-9.]+) ms clock`)

// initialization returns how long the packages of a program initialize.
func initialization(ctx context.Context, binary string) (time.Duration, error) {
	var starts []float64
	for range 15 {
		command := exec.CommandContext(ctx, binary)
		command.Env = append(os.Environ(), "GODEBUG=inittrace=1")
		var stderr bytes.Buffer
		command.Stderr = &stderr
		if err := command.Run(); err != nil {
			return 0, fmt.Errorf("%s: %w", binary, err)
		}
		sum := 0.0
		for _, match := range initLine.FindAllStringSubmatch(stderr.String(), -1) {
			ms, err := strconv.ParseFloat(match[1], 64)
			if err != nil {
				return 0, err
			}
			sum += ms
		}
		starts = append(starts, sum*float64(time.Millisecond))
	}
	return time.Duration(median(starts)), nil
}
