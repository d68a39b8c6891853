package keboola

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/internal/origin"
)

// GoodData, where the projects of Keboola's public stacks are.
const (
	GoodDataURLUS = "https://secure.gooddata.com"
	GoodDataURLEU = "https://keboola.eu.gooddata.com"
)

// SSOClaims sign a user on to GoodData. Whoever has them is that user, so they are a secret.
type SSOClaims struct {
	// EncryptedClaims is a PGP message for GoodData.
	EncryptedClaims tenantkit.Secret `json:"encryptedClaims"`
	// SSOProvider is who vouches for the user.
	SSOProvider string `json:"ssoProvider"`
}

// LoginForm is an HTML form, to be posted by the browser of the user who signs on, or by a program
// for it.
type LoginForm struct {
	// Action is the URL that the form is posted to.
	Action string
	// EncryptedClaims, SSOProvider and TargetURL are the form's fields.
	EncryptedClaims tenantkit.Secret
	SSOProvider     string
	TargetURL       string
}

// Values returns the form's fields under the names that GoodData gives them, with the claims in
// plain text: for [http.PostForm], or for the hidden fields of a page.
func (f *LoginForm) Values() url.Values {
	return url.Values{
		"encryptedClaims": {f.EncryptedClaims.Reveal()},
		"ssoProvider":     {f.SSOProvider},
		"targetUrl":       {f.TargetURL},
	}
}

// LoginForm returns the form that signs on to the GoodData at goodDataURL ([GoodDataURLUS],
// [GoodDataURLEU], or your own domain), and goes on to targetURL: a path on the same host, such as
// "/#s=/gdc/projects/{pid}|projectDashboardPage". Nothing is sent; the error is a
// [tenantkit.ValidationError].
//
// The form follows GoodData's description of the login by a PGP message.
func (s *SSOClaims) LoginForm(goodDataURL, targetURL string) (*LoginForm, error) {
	if s == nil || s.EncryptedClaims.IsZero() || s.SSOProvider == "" {
		return nil, invalidForm("claims", "they are empty")
	}
	if s.EncryptedClaims.Reveal() == tenantkit.Redacted {
		return nil, invalidForm("claims", "they are the text "+tenantkit.Redacted+": their true text was lost where they were stored")
	}
	base, err := url.Parse(goodDataURL)
	if err != nil || base.Host == "" || base.Opaque != "" {
		return nil, invalidForm("goodDataURL", "it is not an absolute URL")
	}
	if !origin.Protected(base) {
		return nil, invalidForm("goodDataURL", "its scheme must be https, or the network would see the claims")
	}
	if base.User != nil || base.RawQuery != "" || base.ForceQuery || base.Fragment != "" {
		return nil, invalidForm("goodDataURL", "it must not hold a user, a query or a fragment")
	}
	// A browser takes a backslash for a slash, and leaves control characters out.
	if !strings.HasPrefix(targetURL, "/") || strings.HasPrefix(targetURL, "//") || strings.Contains(targetURL, `\`) ||
		strings.ContainsFunc(targetURL, unicode.IsControl) {
		return nil, invalidForm("targetURL", "it must be a path on the host of goodDataURL, beginning with one slash")
	}
	return &LoginForm{
		Action:          base.JoinPath("gdc/account/customerlogin").String(),
		EncryptedClaims: s.EncryptedClaims,
		SSOProvider:     s.SSOProvider,
		TargetURL:       targetURL,
	}, nil
}

func invalidForm(field, reason string) error {
	return &tenantkit.ValidationError{Service: service, Operation: "LoginForm", Field: field, Reason: reason}
}
