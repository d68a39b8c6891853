package peer

import (
	"context"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

func byAzure(base string, client *http.Client) (do, error) {
	credential := azcore.NewKeyCredential(Key)
	pipeline := runtime.NewPipeline("bench", "v1.0.0", runtime.PipelineOptions{
		PerRetry: []policy.Policy{runtime.NewKeyCredentialPolicy(credential, "X-Api-Key", &runtime.KeyCredentialPolicyOptions{InsecureAllowCredentialWithHTTP: true})},
	}, &policy.ClientOptions{Transport: client})
	return func(ctx context.Context, method, path string, body, into any) error {
		req, err := runtime.NewRequest(ctx, method, runtime.JoinPaths(base, path))
		if err != nil {
			return err
		}
		req.Raw().Header.Set("Accept", "application/json")
		if body != nil {
			if err := runtime.MarshalAsJSON(req, body); err != nil {
				return err
			}
		}
		resp, err := pipeline.Do(req)
		if err != nil {
			return err
		}
		if !runtime.HasStatusCode(resp, http.StatusOK) {
			return runtime.NewResponseError(resp)
		}
		return runtime.UnmarshalAsJSON(resp, into)
	}, nil
}
