package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

const maxBody = 64 << 20

// send is the part that both calls by hand share.
func send(ctx context.Context, client *http.Client, base, method, path string, body any) (*http.Response, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, reader)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "by-hand")
	req.Header.Set("X-Api-Key", Key)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return client.Do(req)
}

// byDecoder decodes from the wire, and reads what is left so that the connection is kept.
func byDecoder(base string, client *http.Client) (do, error) {
	return func(ctx context.Context, method, path string, body, into any) error {
		resp, err := send(ctx, client, base, method, path, body)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s %s: %s", method, path, resp.Status)
		}
		limited := io.LimitReader(resp.Body, maxBody)
		if err := json.NewDecoder(limited).Decode(into); err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, limited)
		return err
	}, nil
}

// byReadAll reads all, and decodes then.
func byReadAll(base string, client *http.Client) (do, error) {
	return func(ctx context.Context, method, path string, body, into any) error {
		resp, err := send(ctx, client, base, method, path, body)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s %s: %s", method, path, resp.Status)
		}
		return json.Unmarshal(text, into)
	}, nil
}
