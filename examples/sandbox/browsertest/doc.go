// Package browsertest holds the tests of the sandbox's web page in a real browser. It is a module
// of its own, so that the tests of tenantkit need no browser. With -screenshots it writes pictures
// of the page to a folder.
package browsertest
