package main

import "time"

// faultKind is a fault that the page offers.
type faultKind struct {
	ID, Name string
	Effect   string // of the request that it hits
	fault    fault
}

var faultKinds = []*faultKind{
	{"lost-answer", "the answer is lost", "applied", fault{ResetAfter: true}},
	{"cut-answer", "half an answer", "applied", fault{Truncate: true}},
	{"slow", "five seconds late", "applied", fault{Delay: 5 * time.Second}},
	{"error-applied", "500", "applied", fault{Status: 500, Applied: true}},
	{"error", "500", "not applied", fault{Status: 500}},
	{"unavailable", "503 with Retry-After", "not applied", fault{Status: 503, RetryAfter: "2"}},
	{"gateway", "page of a gateway", "not applied", fault{HTML: true}},
	{"reset", "connection reset", "not applied", fault{ResetBefore: true}},
}

func findFault(id string) *faultKind {
	for _, kind := range faultKinds {
		if kind.ID == id {
			return kind
		}
	}
	return nil
}
