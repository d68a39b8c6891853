package autoidtest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// credential is what a call asks for.
type credential int

const (
	nobody credential = iota
	bearer
	apiKey
)

// refuse answers requests that may not be made.
func (s *Server) refuse(r *Request, asked credential) (fake.Response, bool) {
	if s.tenantID != "" && r.Header.Get("X-Tenant-Id") != s.tenantID {
		return refusal(http.StatusForbidden, "unknown tenant"), true
	}
	hasBearer, hasKey := s.hasBearer(r), s.hasAPIKey(r)
	switch {
	case asked == nobody, asked == bearer && hasBearer, asked == apiKey && hasKey, s.either && (hasBearer || hasKey):
		return fake.Response{}, false
	}
	return refusal(http.StatusUnauthorized, "Unauthorized"), true
}

func (s *Server) hasAPIKey(r *Request) bool {
	return s.apiKeys[r.Header.Get("X-Api-Key")]
}

func (s *Server) hasBearer(r *Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	end, known := s.tokens[token]
	return known && (end.IsZero() || s.now().Before(end))
}

// TokenCount returns the number of bearer tokens that serve now.
func (s *Server) TokenCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	good := 0
	for _, end := range s.tokens {
		if end.IsZero() || s.now().Before(end) {
			good++
		}
	}
	return good
}

// RevokeTokens makes all tokens unknown, as the end of a session does; whoever logs in again gets a
// new one.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

func (s *Server) login(r *Request) fake.Response {
	var sent struct{ Username, Password string }
	if err := json.Unmarshal(r.Body, &sent); err != nil {
		return refusal(http.StatusBadRequest, "the body is not JSON")
	}
	if password, known := s.passwords[sent.Username]; !known || password != sent.Password {
		return refusal(http.StatusUnauthorized, "Invalid credentials")
	}
	return s.issue(sent.Username)
}

func (s *Server) renewToken(r *Request) fake.Response {
	return s.issue(subject(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")))
}

// issue answers with a new token: a JSON Web Token, signed with nothing of worth.
func (s *Server) issue(user string) fake.Response {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued++
	begin := s.now()
	end := begin.Add(s.lifetime).Truncate(time.Second)
	claims, err := json.Marshal(map[string]any{
		"aud": "http://my.service", "sub": user, "iat": begin.Unix(), "exp": end.Unix(), "jti": s.issued,
	})
	if err != nil {
		return refusal(http.StatusInternalServerError, err.Error())
	}
	encode := base64.RawURLEncoding.EncodeToString
	token := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(claims) + "." + encode([]byte("autoidtest"))
	s.tokens[token] = end
	return fake.JSON(http.StatusOK, map[string]any{
		"user": map[string]any{
			"dn": "cn=" + user + ",ou=People,dc=zoran,dc=com", "controls": []string{}, "gidNumber": "999", "uid": user, "displayName": user,
			"_groups": []map[string]string{{"dn": "cn=Zoran Admin,ou=Groups,dc=zoran,dc=com", "cn": "Zoran Admin"}},
		},
		"token": token,
	})
}

// subject reads who a token is for.
func subject(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return DefaultUser
	}
	var claims struct {
		Sub string `json:"sub"`
	}
	if data, err := base64.RawURLEncoding.DecodeString(parts[1]); err != nil || json.Unmarshal(data, &claims) != nil {
		return DefaultUser
	}
	return claims.Sub
}
