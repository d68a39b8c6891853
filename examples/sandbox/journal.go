package main

import (
	"slices"
	"sync"
	"time"
)

// kept is the number of requests that the journal remembers.
const kept = 100

// entry is a request as it is shown: there is no secret in it.
type entry struct {
	Number    int
	Time      time.Time
	System    string
	Operation string // empty where the API has no such route
	Method    string
	Target    string // path and query
	Body      string
	Status    int // 0 where none was sent
	Outcome   string
	Tone      string // "good", "refused" or "fault"
	Fault     string
}

// journal remembers the last requests, and wakes those who wait for more.
type journal struct {
	mu      sync.Mutex
	entries []entry // oldest first
	number  int     // of requests so far
	changes chan struct{}
}

func newJournal() *journal { return &journal{changes: make(chan struct{})} }

// add remembers a request, and gives it a number and a time.
func (j *journal) add(e entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.number++
	e.Number, e.Time = j.number, time.Now()
	if len(j.entries) == kept {
		j.entries = slices.Delete(j.entries, 0, 1)
	}
	j.entries = append(j.entries, e)
	j.wake()
}

// touch tells of a change other than a request.
func (j *journal) touch() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.wake()
}

func (j *journal) wake() {
	close(j.changes)
	j.changes = make(chan struct{})
}

// last returns the last requests, newest first, and how many there were in all.
func (j *journal) last() ([]entry, int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	entries := slices.Clone(j.entries)
	slices.Reverse(entries)
	return entries, j.number
}

// changed returns a channel that is closed at the next change.
func (j *journal) changed() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.changes
}

// outcome says in words what became of a request, and whether it went well.
func outcome(r request, read bool) (words, tone string) {
	faulty := r.Fault != nil
	switch {
	case faulty && r.Effect && !read:
		return "fault, but applied", "fault"
	case faulty && !read:
		return "fault, not applied", "fault"
	case faulty:
		return "fault", "fault"
	case r.Operation == "":
		return "no such route", "refused"
	case r.Effect && read:
		return "answered", "good"
	case r.Effect:
		return "applied", "good"
	case r.Status == 0:
		return "connection lost", "refused"
	case r.Status < 300:
		return "not applied", "refused"
	default:
		return "refused", "refused"
	}
}
