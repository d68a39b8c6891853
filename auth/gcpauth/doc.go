// Package gcpauth gets Google ID tokens with Google's own library, without the gcloud program.
//
//	tokens := auth.Cache(gcpauth.IDToken(gcpauth.Options{
//		Audience:       "https://app.worklytics.co",
//		ServiceAccount: "worklytics-tenant-api@acme.iam.gserviceaccount.com",
//	}))
//	client, err := worklytics.NewClient(worklytics.DefaultBaseURL, tenantID, tokens)
//
// It is a module of its own, so that programs that need no such token do not build that library.
// [IDToken] does what [auth.GCloudIDToken] does with the program.
package gcpauth
