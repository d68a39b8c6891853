package awsauth_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/tenantkit/tenantkit/auth"
	"github.com/tenantkit/tenantkit/auth/awsauth"
)

// A token for Worklytics, of the user who was granted the role there.
func ExampleCognitoToken() {
	tokens := auth.Cache(awsauth.CognitoToken(
		auth.CognitoOptions{
			IdentityPoolID: "eu-west-1:6f0c24c0-93a2-4d1d-8a0e-1c9c7f0b7a11",
			Provider:       "intl.worklytics.co",
			User:           "john@acme.com",
		},
		// So that the example runs without AWS. A program leaves both out.
		config.WithCredentialsProvider(keys("AKID")),
		config.WithHTTPClient(standIn{}),
	))
	token, err := tokens.Token(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(token.Value, auth.CheckIDToken(token.Value, "https://app.worklytics.co", "john@acme.com"))
	// Output: [redacted] <nil>
}

type standIn struct{}

func (standIn) Do(req *http.Request) (*http.Response, error) {
	token, _ := developerToken()
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Request: req,
		Body: io.NopCloser(strings.NewReader(fmt.Sprintf(`{"IdentityId":"eu-west-1:77","Token":%q}`, token))),
	}, nil
}
