// Package gcpauth gets Google ID tokens with Google's own library, without the gcloud program.
//
// It is a module of its own, so that programs that need no such token do not build that library. [IDToken] does what
// auth.GCloudIDToken does with the program.
package gcpauth
