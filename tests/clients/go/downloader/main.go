// The tutorial's download program, written anew: one argument, a file in the bucket storage.joinc.s3. It knows a Region
// and nothing else: no endpoint, no keys.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/endpoints"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/s3"
	"github.com/aws/aws-sdk-go/service/s3/s3manager"
)

const bucket = "storage.joinc.s3"

func main() {
	if len(os.Args) != 2 {
		fmt.Println("Usage : ", os.Args[0], "filename")
		os.Exit(1)
	}
	name := os.Args[1]
	local, err := os.Create(name)
	if err != nil {
		fmt.Println("file open error", err)
		return
	}
	defer local.Close()

	config := &aws.Config{Region: aws.String(endpoints.ApNortheast2RegionID)}
	wanted := &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(name)}
	read, err := s3manager.NewDownloader(session.New(config)).Download(local, wanted)
	if err != nil {
		fmt.Println("Download Error", err)
		return
	}
	fmt.Println("Read Byte", read)
}
