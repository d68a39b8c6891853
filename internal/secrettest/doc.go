// Package secrettest contains only tests: no library that prints, encodes or compares values shows
// a tenantkit.Secret, and those that read configuration can fill one.
package secrettest
