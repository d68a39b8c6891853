// Package origin compares where URLs lead: credentials must not leave the origin that they were
// given for.
package origin

import (
	"net"
	"net/url"
)

// Of returns scheme, host and effective port of u, equal for all spellings of one origin.
func Of(u *url.URL) string {
	scheme, port := Lower(u.Scheme), u.Port()
	switch {
	case port == "" && scheme == "http":
		port = "80"
	case port == "" && scheme == "https":
		port = "443"
	}
	return scheme + "://" + net.JoinHostPort(Lower(u.Hostname()), port)
}

// Same reports whether a and b have one origin. A URL without a host has none, and one with user
// info none that can be trusted: it could pass for a host.
func Same(a, b *url.URL) bool {
	return a.User == nil && b.User == nil && a.Hostname() != "" && Of(a) == Of(b)
}

// Protected reports whether what is sent to u is safe from the network: by https, or on this
// machine.
func Protected(u *url.URL) bool {
	switch Lower(u.Scheme) {
	case "https":
		return true
	case "http":
		ip := net.ParseIP(u.Hostname())
		return Lower(u.Hostname()) == "localhost" || ip != nil && ip.IsLoopback()
	default:
		return false
	}
}

// Lower lowers ASCII letters only: strings.ToLower also folds letters that no name of the web may
// be matched by, such as the Kelvin sign, and replaces bytes that are not UTF-8.
func Lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + ('a' - 'A')
		}
	}
	return string(b)
}
