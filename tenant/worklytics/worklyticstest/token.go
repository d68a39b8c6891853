package worklyticstest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	googleIssuer  = "https://accounts.google.com"
	cognitoIssuer = "https://cognito-identity.amazonaws.com"
	audience      = "https://app.worklytics.co"
	provider      = "intl.worklytics.co" // of Cognito developer identities
	poolID        = "us-east-1:12345678-90ab-4cde-8f01-234567890abc"
)

// GoogleToken returns an ID token as Google makes it for a service account, with the audience that
// Worklytics wants and with the email. The lifetime counts from now, in whole seconds, rounded up;
// with none the token has expired.
func (s *Server) GoogleToken(email string, lifetime time.Duration) string {
	return s.Token(map[string]any{
		"iss": googleIssuer, "aud": audience, "sub": "112233445566778899001", "email": email, "email_verified": true,
		"iat": s.now().Unix(), "exp": s.expiry(lifetime),
	})
}

// CognitoToken returns an ID token as an Amazon Cognito identity pool makes it for a developer
// identity: the email stands in the claim amr, and the audience is the pool. The lifetime is that
// of [Server.GoogleToken].
func (s *Server) CognitoToken(email string, lifetime time.Duration) string {
	return s.Token(map[string]any{
		"iss": cognitoIssuer, "aud": poolID, "sub": "us-east-1:0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9",
		"amr": []string{"authenticated", provider, provider + ":" + poolID + ":" + email},
		"iat": s.now().Unix(), "exp": s.expiry(lifetime),
	})
}

// Token returns a token with these claims, whatever they are, that the server can verify.
func (s *Server) Token(claims map[string]any) string {
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(claims)).SignedString(s.key)
	if err != nil {
		// What JSON cannot express is a mistake in the test, which then sees it where the
		// token is refused.
		return "no token: " + err.Error()
	}
	return text
}

func (s *Server) expiry(lifetime time.Duration) int64 {
	if lifetime > 0 {
		lifetime += time.Second - time.Nanosecond
	}
	return s.now().Add(lifetime).Unix()
}

// verify returns the email of the principal.
func (s *Server) verify(authorization string) (string, error) {
	text, ok := strings.CutPrefix(authorization, "Bearer ")
	if !ok {
		return "", errors.New("the header Authorization holds no bearer token")
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(text, claims, func(*jwt.Token) (any, error) { return s.key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.now))
	if err != nil {
		return "", err
	}
	issuer, err := claims.GetIssuer()
	if err != nil {
		return "", err
	}
	audiences, err := claims.GetAudience()
	if err != nil {
		return "", err
	}
	switch issuer {
	case googleIssuer:
		return googlePrincipal(claims, audiences)
	case cognitoIssuer:
		return cognitoPrincipal(claims, audiences)
	default:
		return "", fmt.Errorf("the issuer %q is neither Google nor Amazon Cognito", issuer)
	}
}

func googlePrincipal(claims jwt.MapClaims, audiences []string) (string, error) {
	if !slices.Contains(audiences, audience) {
		return "", fmt.Errorf("the audience is %q, without %s", audiences, audience)
	}
	email, _ := claims["email"].(string)
	if email == "" || claims["email_verified"] == false {
		return "", errors.New("there is no verified email")
	}
	return email, nil
}

func cognitoPrincipal(claims jwt.MapClaims, audiences []string) (string, error) {
	methods, _ := claims["amr"].([]any)
	if len(audiences) != 1 || !slices.Contains(methods, any("authenticated")) {
		return "", errors.New("it is not of an authenticated identity of one pool")
	}
	for _, method := range methods {
		text, _ := method.(string)
		if email, ok := strings.CutPrefix(text, provider+":"+audiences[0]+":"); ok && email != "" {
			return email, nil
		}
	}
	return "", fmt.Errorf("the claim amr names no user of the developer provider %s", provider)
}
