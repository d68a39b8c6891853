package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tenantkit/tenantkit"
)

// Claims is what a JSON Web Token says of itself (RFC 7519, section 4). Nothing of it is verified:
// it serves to explain and to plan, never to trust. A claim that the token does not make is the
// zero value of its field.
type Claims struct {
	Issuer    string    // iss
	Subject   string    // sub. Infoworks puts JSON into it, as text.
	Audience  []string  // aud, which may be one text or several
	IssuedAt  time.Time // iat
	NotBefore time.Time // nbf
	Expiry    time.Time // exp
	Email     string    // email: Google's tokens
	Methods   []string  // amr, the authentication methods references: Cognito's tokens

	// All holds every claim under its name, with numbers as [json.Number].
	All map[string]any
}

// ParseClaims reads the claims of a JSON Web Token without verifying it: neither its signature nor
// its time. It fails for any other text, and for a claim of [Claims] whose value is not of its
// type. The error does not hold the token.
func ParseClaims(token tenantkit.Secret) (Claims, error) {
	all := jwt.MapClaims{}
	_, _, err := jwt.NewParser(jwt.WithJSONNumber()).ParseUnverified(token.Reveal(), all)
	// A signature of unknown method is none of our business.
	if err != nil && !errors.Is(err, jwt.ErrTokenUnverifiable) {
		// The cause is left out, since it may quote the token.
		return Claims{}, errors.New("the token is not a JSON Web Token")
	}
	claims := Claims{All: all}
	for name, field := range map[string]any{
		"iss": &claims.Issuer, "sub": &claims.Subject, "aud": &claims.Audience, "email": &claims.Email, "amr": &claims.Methods,
		"iat": &claims.IssuedAt, "nbf": &claims.NotBefore, "exp": &claims.Expiry,
	} {
		value, ok := all[name]
		if !ok || value == nil {
			continue
		}
		if !readClaim(field, value) {
			return Claims{}, fmt.Errorf("the claim %s of the token has another type than RFC 7519 says", name)
		}
	}
	return claims, nil
}

func readClaim(field, value any) (ok bool) {
	switch field := field.(type) {
	case *string:
		*field, ok = value.(string)
	case *[]string:
		*field, ok = texts(value)
	case *time.Time:
		*field, ok = numericDate(value)
	}
	return ok
}

// texts reads one text, or a list of texts.
func texts(value any) ([]string, bool) {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	read := make([]string, 0, len(list))
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			return nil, false
		}
		read = append(read, text)
	}
	return read, true
}

// numericDate reads seconds since 1970, which some issuers write as text.
func numericDate(value any) (time.Time, bool) {
	var text string
	switch value := value.(type) {
	case json.Number:
		text = value.String()
	case string:
		text = value
	}
	seconds, err := strconv.ParseFloat(text, 64)
	const year10000 = 253402300800 // time.Time cannot be written as JSON from there on
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds >= year10000 {
		return time.Time{}, false
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)), true
}

// expiryOf returns the claim exp of a JSON Web Token, and the zero time for any other text.
func expiryOf(value tenantkit.Secret) time.Time {
	claims, err := ParseClaims(value)
	if err != nil {
		return time.Time{}
	}
	return claims.Expiry
}
