"""The commands that ship something, one a line: a tool, the words of its command, parts of its options.

`*` is any one word. A line that ends in `->` copies: it ships where the last of its words is a place in a bucket.
"""

SHIPPING = """
docker push
docker buildx --push
docker buildx push=true
docker buildx type=registry
docker buildx imagetools create
docker build --push
docker compose push
docker-compose push
docker stack deploy
docker manifest push
podman push
buildah push
nerdctl push
buildctl type=registry
buildctl push=true
img push
crane push
crane cp
crane copy
crane tag
crane append
crane mutate
gcrane cp
gcrane copy
skopeo copy
skopeo sync
regctl image copy
oras push
oras cp
ko apply
ko build
ko create
ko publish
ko resolve
pack --publish
s2i build --push
executor --destination
gcloud * deploy
gcloud endpoints services deploy
gcloud builds submit
gcloud run services update
gcloud run services replace
gcloud run services update-traffic
gcloud run jobs create
gcloud run jobs update
gcloud run jobs replace
gcloud run worker-pools update
gcloud run worker-pools replace
gcloud app services set-traffic
gcloud app versions migrate
gcloud compute instances create-with-container
gcloud compute instances update-container
gcloud compute instance-groups rolling-action
gcloud compute instance-groups managed rolling-action
gcloud compute images create
gcloud compute scp
gcloud container images add-tag
gcloud artifacts upload
gcloud artifacts docker tags add
gcloud dataflow flex-template build
gcloud dataflow flex-template run
gcloud dataflow jobs run
gcloud deploy releases create
gcloud deploy releases promote
gcloud deploy apply
gcloud storage cp ->
gcloud storage mv ->
gcloud storage rsync ->
gsutil cp ->
gsutil mv ->
gsutil rsync ->
aws s3 cp ->
aws s3 mv ->
aws s3 sync ->
aws ecs update-service
aws lambda update-function-code
azcopy copy
az acr build
az webapp deploy
kubectl apply
kubectl create
kubectl replace
kubectl patch
kubectl set
kubectl run
kubectl scale
kubectl rollout restart
kubectl rollout undo
oc apply
oc rollout
gke-deploy run
gke-deploy apply
helm install
helm upgrade
helm push
helmfile apply
helmfile sync
argocd app sync
skaffold run
skaffold deploy
skaffold apply
skaffold build --push
kapp deploy
terraform apply
tofu apply
terragrunt apply
terragrunt run-all apply
pulumi up
cdk deploy
sls deploy
serverless deploy
firebase deploy
firebase hosting:channel:deploy
wrangler deploy
wrangler publish
vercel deploy
vercel --prod
netlify deploy
flyctl deploy
fly deploy
heroku container:release
npm publish
pnpm publish
yarn publish
yarn npm publish
lerna publish
twine upload
poetry publish
uv publish
flit publish
hatch publish
cargo publish
gem push
nuget push
dotnet nuget push
mvn deploy
mvn jib:build
mvnw deploy
mvnw jib:build
gradle publish
gradle jib
gradlew publish
gradlew jib
goreleaser release
gh release create
gh release upload
git push
bazel run :push
clasp push
clasp deploy
ansible-playbook
sam deploy
scp
cdk8s apply
make deploy
make push
make publish
make release
npm run deploy
npm run release
yarn deploy
yarn run deploy
pnpm deploy
pnpm run deploy
"""
