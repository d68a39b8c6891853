package infoworkstest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tenantkit/tenantkit/internal/fake"
)

// accessToken is one that was made and not blacklisted.
type accessToken struct {
	email  string
	expiry time.Time
}

// sign makes an access token for a user. Its subject is JSON in a text, as Infoworks has it.
func (s *Server) sign(user *User, action string) (string, error) {
	type scope struct {
		Action string `json:"action"`
	}
	subject, err := json.MarshalIndent(struct {
		Email string `json:"email"`
		Scope scope  `json:"scope"`
	}{user.Email, scope{action}}, "", "  ")
	if err != nil {
		return "", err
	}
	now := s.now().Truncate(time.Second)
	id, expiry := randomHex(16), now.Add(s.life)
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iat": now.Unix(), "sub": string(subject), "jti": id, "exp": expiry.Unix(),
	}).SignedString(s.key)
	if err != nil {
		return "", err
	}
	s.tokens[id] = accessToken{user.Email, expiry}
	return token, nil
}

// verify returns the user of an access token that is good, or nil; known tells whether the server
// made the token at all.
func (s *Server) verify(token string) (user *User, known bool) {
	var claims jwt.RegisteredClaims
	parsed, err := jwt.NewParser(jwt.WithoutClaimsValidation(), jwt.WithValidMethods([]string{"HS256"})).
		ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return s.key, nil })
	if err != nil || !parsed.Valid {
		return nil, false
	}
	found, ok := s.tokens[claims.ID]
	if !ok || !s.now().Before(found.expiry) {
		return nil, true
	}
	return s.user(found.email), true
}

func (s *Server) logOut(email string) {
	for id, token := range s.tokens {
		if token.email == email {
			delete(s.tokens, id)
		}
	}
}

// authorization takes the header Authorization apart.
func authorization(r *fake.Request) (scheme, value string) {
	scheme, value, _ = strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.ToLower(scheme), value
}

// byPassword returns the user whose name and password the request carries, or nil.
func (s *Server) byPassword(r *fake.Request) *User {
	scheme, value := authorization(r)
	pair, err := base64.StdEncoding.DecodeString(value)
	if scheme != "basic" || err != nil || s.saml != "" {
		return nil
	}
	name, password, ok := strings.Cut(string(pair), ":")
	user := s.user(name)
	if !ok || user == nil || password == "" || user.Password != password {
		return nil
	}
	return user
}

// byRefreshToken returns the user whose refresh token the request carries, as it is, or nil.
func (s *Server) byRefreshToken(r *fake.Request) *User {
	scheme, value := authorization(r)
	if scheme != "basic" {
		return nil
	}
	for _, user := range s.users {
		expired := !user.RefreshTokenExpiry.IsZero() && !s.now().Before(user.RefreshTokenExpiry)
		if user.RefreshToken == value && !expired {
			return user
		}
	}
	return nil
}

// bearer answers 401 with the code to a request without a good access token.
func (s *Server) bearer(code string, handle func(*fake.Request, *User) fake.Response) func(*fake.Request) fake.Response {
	return func(r *fake.Request) fake.Response {
		scheme, token := authorization(r)
		if user, _ := s.verify(token); scheme == "bearer" && user != nil {
			return handle(r, user)
		}
		return reject(http.StatusUnauthorized, code)
	}
}
