// Package rest implements the HTTP request pipeline shared by all clients. A client package
// describes its operations as data ([Operation]) and its service ([API]); this package does the
// rest. The path of a call:
//
//	Client.Do          do.go         or Stream, Pager, Client.Call
//	  newCall          call.go       checks the input, encodes the body
//	  run              do.go         makes attempts until one succeeds or no other may follow
//	    send           attempt.go    authorizes and sends; errorResponse (fail.go) describes a rejection
//	    decode         do.go         reads the body within its limit, checks what it promises
//	    alreadyDeleted retry.go      a 404 after a lost response of a deletion
//	    shouldRetry    retry.go      class, status, outcome, wait, budget
//	  end, report, log do.go         fills the caller's Response, logs the attempt
//
// Secrets are redacted by package redact; secrets.go says which secrets a client knows.
package rest
