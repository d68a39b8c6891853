// The program clouds is one of a user: it gets a token of each cloud by the cloud's own library,
// with a server of its own in place of the cloud.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	googleauth "cloud.google.com/go/auth"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/auth/awsauth"
	"github.com/tenantkit/tenantkit/auth/gcpauth"
)

// {"alg":"none"}.{"iss":"https://accounts.google.com","email":"api@acme.iam.gserviceaccount.com","exp":4102444800}
const idToken = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2FjY291bnRzLmdvb2dsZS5jb20iLCJlbWFpbCI6ImFwaUBhY21lLmlhbS5nc2VydmljZWFjY291bnQuY29tIiwiZXhwIjo0MTAyNDQ0ODAwfQ.c2ln"

func main() {
	google := gcpauth.IDToken(gcpauth.Options{
		Audience:       "https://app.worklytics.co",
		ServiceAccount: "api@acme.iam.gserviceaccount.com",
		Credentials:    googleauth.NewCredentials(&googleauth.CredentialsOptions{TokenProvider: caller{}}),
		Transport:      cloud{`{"token":"` + idToken + `"}`},
	})
	cognito := awsauth.CognitoToken(
		auth.CognitoOptions{IdentityPoolID: "eu-west-1:6f0c24c0-93a2-4d1d-8a0e-1c9c7f0b7a11", Provider: "intl.worklytics.co", User: "john@acme.com"},
		config.WithCredentialsProvider(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "of the caller"}, nil
		})),
		config.WithHTTPClient(&http.Client{Transport: cloud{`{"IdentityId":"eu-west-1:77","Token":"` + idToken + `"}`}}),
	)
	for _, source := range []auth.TokenSource{google, cognito} {
		token, err := source.Token(context.Background())
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(token.Value, token.Expiry.UTC().Year())
	}
}

type caller struct{}

func (caller) Token(context.Context) (*googleauth.Token, error) {
	return &googleauth.Token{Value: "of the caller"}, nil
}

type cloud struct{ answer string }

func (c cloud) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Request: req,
		Body: io.NopCloser(strings.NewReader(c.answer)),
	}, nil
}
