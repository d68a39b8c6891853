// Package origin compares where URLs lead: credentials must not leave the origin that they were given for.
package origin

import (
	"net"
	"net/url"
	"strings"
)

// Of returns scheme, host and effective port of u, equal for all spellings of one origin.
func Of(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[scheme]
	}
	return scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// Same reports whether a and b have one origin, and neither holds user info, which could pass for a host.
func Same(a, b *url.URL) bool {
	return a.User == nil && b.User == nil && Of(a) == Of(b)
}

// Protected reports whether what is sent to u is safe from the network: by https, or on this machine.
func Protected(u *url.URL) bool {
	if strings.EqualFold(u.Scheme, "https") {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return strings.EqualFold(u.Hostname(), "localhost") || ip != nil && ip.IsLoopback()
}
