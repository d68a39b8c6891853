// Package awsauth gets OpenID tokens of Amazon Cognito developer identities with the AWS SDK, without the aws program.
//
// It is a module of its own, so that programs that need no such token do not build that SDK. [CognitoToken] does what
// auth.CognitoCLI does with the program.
package awsauth
