// Package awsauth gets OpenID tokens of Amazon Cognito developer identities with the AWS SDK,
// without the aws program.
//
//	tokens := auth.Cache(awsauth.CognitoToken(auth.CognitoOptions{
//		IdentityPoolID: "us-east-1:12345678-90ab-4cde-8f01-234567890abc",
//		Provider:       "intl.worklytics.co",
//		User:           "john@acme.com",
//	}))
//	client, err := worklytics.NewClient(worklytics.DefaultBaseURL, tenantID, tokens)
//
// It is a module of its own, so that programs that need no such token do not build that SDK.
// [CognitoToken] does what [auth.CognitoCLI] does with the program.
package awsauth
