package awsauth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"

	"github.com/tenantkit/tenantkit"
	"github.com/tenantkit/tenantkit/auth"
)

// CognitoToken returns a source of OpenID tokens that calls GetOpenIdTokenForDeveloperIdentity of
// Amazon Cognito (Amazon Cognito Federated Identities API Reference). Put it under an [auth.Cache].
//
// Region and credentials come from the AWS SDK's default chain, that is from the environment,
// files, single sign-on or the machine's role, loaded at the first call; load changes it:
// config.WithSharedConfigProfile, config.WithCredentialsProvider, config.WithHTTPClient and the
// like. The credentials need the permission cognito-identity:GetOpenIdTokenForDeveloperIdentity on
// the pool. The SDK repeats a call that fails for the network or the service, three attempts in
// all.
//
// Options that cannot be used make every call fail with a [tenantkit.ValidationError].
func CognitoToken(o auth.CognitoOptions, load ...func(*config.LoadOptions) error) auth.TokenSource {
	client := lazyClient(o, load)
	return auth.TokenSourceFunc(func(ctx context.Context) (auth.Token, error) {
		if err := o.Validate(); err != nil {
			return auth.Token{}, err
		}
		cognito, err := client(ctx)
		if err != nil {
			return auth.Token{}, failure(ctx, o, err)
		}
		in := &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
			IdentityPoolId: aws.String(o.IdentityPoolID),
			Logins:         map[string]string{o.Provider: o.User},
		}
		if o.Duration != 0 {
			in.TokenDuration = aws.Int64(int64(o.Duration / time.Second))
		}
		out, err := cognito.GetOpenIdTokenForDeveloperIdentity(ctx, in)
		if err != nil {
			return auth.Token{}, failure(ctx, o, err)
		}
		value := tenantkit.NewSecret(aws.ToString(out.Token))
		if value.IsZero() {
			return auth.Token{}, failure(ctx, o, errors.New("the answer holds none"))
		}
		token := auth.Token{Value: value}
		if claims, err := auth.ParseClaims(value); err == nil {
			token.Expiry = claims.Expiry
		}
		return token, nil
	})
}

// lazyClient returns a function that makes the client when it is first wanted, and keeps it: with
// it its connections, and the credentials that the SDK itself renews.
func lazyClient(o auth.CognitoOptions, load []func(*config.LoadOptions) error) func(context.Context) (*cognitoidentity.Client, error) {
	region := o.Region
	if region == "" {
		region, _, _ = strings.Cut(o.IdentityPoolID, ":")
	}
	var mu sync.Mutex
	var client *cognitoidentity.Client
	return func(ctx context.Context) (*cognitoidentity.Client, error) {
		mu.Lock()
		defer mu.Unlock()
		if client != nil {
			return client, nil
		}
		loaded, err := config.LoadDefaultConfig(ctx, append([]func(*config.LoadOptions) error{config.WithRegion(region)}, load...)...)
		if err != nil {
			return nil, err
		}
		client = cognitoidentity.NewFromConfig(loaded)
		return client, nil
	}
}

// failure tells what failed, in the SDK's words without what looks like a token. The error itself
// stays out of the chain: it holds the request and the answer.
func failure(ctx context.Context, o auth.CognitoOptions, err error) error {
	err = fmt.Errorf("no token of %s for %s in the identity pool %s: %s", o.Provider, o.User, o.IdentityPoolID, auth.Redact(err.Error()))
	if ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", err, ctx.Err())
	}
	return err
}
