"""catalog: service-linked roles: what AWS calls the role of a service, and which managed policy it has.

Those are listed whose name and policy AWS's documentation gives, or which AWS was seen to make; AWS has more.

Source: each service's user guide, "Using service-linked roles"; AWS Managed Policy Reference; roles that LocalStack's
tests made at AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_DOMAIN: Final = ".amazonaws.com"
_ROLE: Final = "AWSServiceRoleFor"
_POLICY: Final = "arn:aws:iam::aws:policy/aws-service-role/"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedService:
    """A service that has a role in the accounts of its customers."""

    principal: str
    """`ecs.amazonaws.com`."""
    role: str
    """The role's name, without a suffix."""
    policy: str
    """ARN of its managed policy."""
    suffixes: bool
    """Whether an account may have several, told apart by a suffix."""


_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "access-analyzer": ("AccessAnalyzer", "AccessAnalyzerServiceRolePolicy"),
    "accountdiscovery.ssm": ("AmazonSSM_AccountDiscovery", "AWSSystemsManagerAccountDiscoveryServicePolicy"),
    "acm": ("CertificateManager", "CertificateManagerServiceRolePolicy"),
    "apidestinations.events": ("AmazonEventBridgeApiDestinations", "AmazonEventBridgeApiDestinationsServiceRolePolicy"),
    "appmesh": ("AppMesh", "AWSAppMeshServiceRolePolicy"),
    "appstream.application-autoscaling": (
        "ApplicationAutoScaling_AppStreamFleet",
        "AWSApplicationAutoscalingAppStreamFleetPolicy",
    ),
    "autoscaling": ("AutoScaling", "AutoScalingServiceRolePolicy"),
    "autoscaling-plans": ("AutoScalingPlans_EC2AutoScaling", "AWSAutoScalingPlansEC2AutoScalingPolicy"),
    "backup": ("Backup", "AWSBackupServiceLinkedRolePolicyForBackup"),
    "batch": ("Batch", "BatchServiceRolePolicy"),
    "cassandra.application-autoscaling": (
        "ApplicationAutoScaling_CassandraTable",
        "AWSApplicationAutoscalingCassandraTablePolicy",
    ),
    "channels.lex": ("LexChannels", "LexChannelPolicy"),
    "cks.kms": ("KeyManagementServiceCustomKeyStores", "AWSKeyManagementServiceCustomKeyStoresServiceRolePolicy"),
    "cloud9": ("AWSCloud9", "AWSCloud9ServiceRolePolicy"),
    "cloudhsm": ("CloudHSM", "CloudHSMServiceRolePolicy"),
    "cloudtrail": ("CloudTrail", "CloudTrailServiceRolePolicy"),
    "codestar-notifications": ("CodeStarNotifications", "AWSCodeStarNotificationsServiceRolePolicy"),
    "comprehend.application-autoscaling": (
        "ApplicationAutoScaling_ComprehendEndpoint",
        "AWSApplicationAutoscalingComprehendEndpointPolicy",
    ),
    "compute-optimizer": ("ComputeOptimizer", "ComputeOptimizerServiceRolePolicy"),
    "config": ("Config", "AWSConfigServiceRolePolicy"),
    "connect": ("AmazonConnect", "AmazonConnectServiceLinkedRolePolicy"),
    "custom-resource.application-autoscaling": (
        "ApplicationAutoScaling_CustomResource",
        "AWSApplicationAutoScalingCustomResourcePolicy",
    ),
    "datasync": ("DataSync", "AWSDataSyncServiceRolePolicy"),
    "dax": ("DAX", "DAXServiceRolePolicy"),
    "delivery.logs": ("LogDelivery", "AWSServiceRoleForLogDeliveryPolicy"),
    "devops-guru": ("DevOpsGuru", "AmazonDevOpsGuruServiceRolePolicy"),
    "dms": ("DMSServerless", "AWSDMSServerlessServiceRolePolicy"),
    "dms-fleet-advisor": ("DMSFleetAdvisor", "AWSDMSFleetAdvisorServiceRolePolicy"),
    "docdb-elastic": ("DocDB-Elastic", "AmazonDocDB-ElasticServiceRolePolicy"),
    "dynamodb.application-autoscaling": (
        "ApplicationAutoScaling_DynamoDBTable",
        "AWSApplicationAutoscalingDynamoDBTablePolicy",
    ),
    "ec2-instance-connect": ("Ec2InstanceConnect", "Ec2InstanceConnectEndpoint"),
    "ec2.application-autoscaling": (
        "ApplicationAutoScaling_EC2SpotFleetRequest",
        "AWSApplicationAutoscalingEC2SpotFleetRequestPolicy",
    ),
    "ec2fleet": ("EC2Fleet", "AWSEC2FleetServiceRolePolicy"),
    "ecr": ("ECRTemplate", "ECRTemplateServiceRolePolicy"),
    "ecs": ("ECS", "AmazonECSServiceRolePolicy"),
    "ecs.application-autoscaling": ("ApplicationAutoScaling_ECSService", "AWSApplicationAutoscalingECSServicePolicy"),
    "eks": ("AmazonEKS", "AmazonEKSServiceRolePolicy"),
    "eks-connector": ("AmazonEKSConnector", "AmazonEKSConnectorServiceRolePolicy"),
    "eks-fargate": ("AmazonEKSForFargate", "AmazonEKSForFargateServiceRolePolicy"),
    "eks-nodegroup": ("AmazonEKSNodegroup", "AWSServiceRoleForAmazonEKSNodegroup"),
    "elasticache": ("ElastiCache", "ElastiCacheServiceRolePolicy"),
    "elasticache.application-autoscaling": (
        "ApplicationAutoScaling_ElastiCacheRG",
        "AWSApplicationAutoscalingElastiCacheRGPolicy",
    ),
    "elasticbeanstalk": ("ElasticBeanstalk", "AWSElasticBeanstalkServiceRolePolicy"),
    "elasticfilesystem": ("AmazonElasticFileSystem", "AmazonElasticFileSystemServiceRolePolicy"),
    "elasticloadbalancing": ("ElasticLoadBalancing", "AWSElasticLoadBalancingServiceRolePolicy"),
    "elasticmapreduce": ("EMRCleanup", "AmazonEMRCleanupPolicy"),
    "email.cognito-idp": ("AmazonCognitoIdpEmailService", "AmazonCognitoIdpEmailServiceRolePolicy"),
    "emr-containers": ("AmazonEMRContainers", "AmazonEMRContainersServiceRolePolicy"),
    "emrwal": ("EMRWAL", "EMRDescribeClusterPolicyForEMRWAL"),
    "es": ("AmazonElasticsearchService", "AmazonElasticsearchServiceRolePolicy"),
    "events": ("CloudWatchEvents", "CloudWatchEventsServiceRolePolicy"),
    "fis": ("FIS", "AmazonFISServiceRolePolicy"),
    "fms": ("FMS", "FMSServiceRolePolicy"),
    "fsx": ("AmazonFSx", "AmazonFSxServiceRolePolicy"),
    "globalaccelerator": ("GlobalAccelerator", "AWSGlobalAcceleratorSLRPolicy"),
    "grafana": ("AmazonGrafana", "AmazonGrafanaServiceLinkedRolePolicy"),
    "guardduty": ("AmazonGuardDuty", "AmazonGuardDutyServiceRolePolicy"),
    "imagebuilder": ("ImageBuilder", "AWSServiceRoleForImageBuilder"),
    "inspector": ("AmazonInspector", "AmazonInspectorServiceRolePolicy"),
    "inspector2": ("AmazonInspector2", "AmazonInspector2ServiceRolePolicy"),
    "iotmanagedintegrations": ("IoTManagedIntegrations", "AWSIoTManagedIntegrationsRolePolicy"),
    "kafka": ("Kafka", "KafkaServiceRolePolicy"),
    "kafka.application-autoscaling": (
        "ApplicationAutoScaling_KafkaCluster",
        "AWSApplicationAutoscalingKafkaClusterPolicy",
    ),
    "kafkaconnect": ("KafkaConnect", "KafkaConnectServiceRolePolicy"),
    "lakeformation": ("LakeFormationDataAccess", "LakeFormationDataAccessServiceRolePolicy"),
    "lambda.application-autoscaling": (
        "ApplicationAutoScaling_LambdaConcurrency",
        "AWSApplicationAutoscalingLambdaConcurrencyPolicy",
    ),
    "lex": ("LexBots", "LexBotPolicy"),
    "lexv2": ("LexV2Bots", "AmazonLexV2BotPolicy"),
    "lightsail": ("Lightsail", "LightsailExportAccess"),
    "logger.cloudfront": ("CloudFrontLogger", "AWSCloudFrontLogger"),
    "m2": ("AWSM2", "AWSM2ServicePolicy"),
    "macie": ("AmazonMacie", "AmazonMacieServiceRolePolicy"),
    "malware-protection.guardduty": (
        "AmazonGuardDutyMalwareProtection",
        "AmazonGuardDutyMalwareProtectionServiceRolePolicy",
    ),
    "member.org.stacksets.cloudformation": (
        "CloudFormationStackSetsOrgMember",
        "CloudFormationStackSetsOrgMemberServiceRolePolicy",
    ),
    "memorydb": ("MemoryDB", "MemoryDBServiceRolePolicy"),
    "mq": ("AmazonMQ", "AmazonMQServiceRolePolicy"),
    "mrk.kms": ("KeyManagementServiceMultiRegionKeys", "AWSKeyManagementServiceMultiRegionKeysServiceRolePolicy"),
    "neptune.application-autoscaling": (
        "ApplicationAutoScaling_NeptuneCluster",
        "AWSApplicationAutoscalingNeptuneClusterPolicy",
    ),
    "network-firewall": ("NetworkFirewall", "AWSNetworkFirewallServiceRolePolicy"),
    "networkmanager": ("NetworkManager", "AWSNetworkManagerServiceRolePolicy"),
    "notifications": ("AwsUserNotifications", "AWSUserNotificationsServiceLinkedRolePolicy"),
    "observability.aoss": ("AmazonOpenSearchServerless", "AmazonOpenSearchServerlessServiceRolePolicy"),
    "opensearchservice": ("AmazonOpenSearchService", "AmazonOpenSearchServiceRolePolicy"),
    "ops.apigateway": ("APIGateway", "APIGatewayServiceRolePolicy"),
    "ops.emr-serverless": ("AmazonEMRServerless", "AmazonEMRServerlessServiceRolePolicy"),
    "opsdatasync.ssm": ("SystemsManagerOpsDataSync", "AWSSystemsManagerOpsDataSyncServiceRolePolicy"),
    "opsinsights.ssm": ("AmazonSSM_OpsInsights", "AWSSSMOpsInsightsServiceRolePolicy"),
    "organizations": ("Organizations", "AWSOrganizationsServiceTrustPolicy"),
    "pullthroughcache.ecr": ("ECRPullThroughCache", "AWSECRPullThroughCache_ServiceRolePolicy"),
    "ram": ("ResourceAccessManager", "AWSResourceAccessManagerServiceRolePolicy"),
    "rds": ("RDS", "AmazonRDSServiceRolePolicy"),
    "rds.application-autoscaling": ("ApplicationAutoScaling_RDSCluster", "AWSApplicationAutoscalingRDSClusterPolicy"),
    "redshift": ("Redshift", "AmazonRedshiftServiceLinkedRolePolicy"),
    "replication.cassandra": ("KeyspacesReplication", "KeyspacesReplicationServiceRolePolicy"),
    "replication.dynamodb": ("DynamoDBReplication", "DynamoDBReplicationServiceRolePolicy"),
    "replication.ecr": ("ECRReplication", "ECRReplicationServiceRolePolicy"),
    "replicator.lambda": ("LambdaReplicator", "AWSLambdaReplicator"),
    "repository.sync.codeconnections": ("GitSync", "AWSGitSyncServiceRolePolicy"),
    "resource-explorer-2": ("ResourceExplorer", "AWSResourceExplorerServiceRolePolicy"),
    "resource-groups": ("ResourceGroups", "ResourceGroupsServiceRolePolicy"),
    "rolesanywhere": ("RolesAnywhere", "AWSRolesAnywhereServicePolicy"),
    "route53resolver": ("Route53Resolver", "Route53ResolverServiceRolePolicy"),
    "s3-outposts": ("S3OnOutposts", "AWSS3OnOutpostsServiceRolePolicy"),
    "sagemaker": ("AmazonSageMakerNotebooks", "AmazonSageMakerNotebooksServiceRolePolicy"),
    "sagemaker.application-autoscaling": (
        "ApplicationAutoScaling_SageMakerEndpoint",
        "AWSApplicationAutoscalingSageMakerEndpointPolicy",
    ),
    "securityhub": ("SecurityHub", "AWSSecurityHubServiceRolePolicy"),
    "servicequotas": ("ServiceQuotas", "ServiceQuotasServiceRolePolicy"),
    "ses": ("AmazonSES", "AmazonSESServiceRolePolicy"),
    "shield": ("AWSShield", "AWSShieldServiceRolePolicy"),
    "spot": ("EC2Spot", "AWSEC2SpotServiceRolePolicy"),
    "spotfleet": ("EC2SpotFleet", "AWSEC2SpotFleetServiceRolePolicy"),
    "ssm": ("AmazonSSM", "AmazonSSMServiceRolePolicy"),
    "ssm-incidents": ("IncidentManager", "AWSIncidentManagerServiceRolePolicy"),
    "ssm-quicksetup": ("SSMQuickSetup", "SSMQuickSetupRolePolicy"),
    "sso": ("SSO", "AWSSSOServiceRolePolicy"),
    "stacksets.cloudformation": ("CloudFormationStackSetsOrgAdmin", "CloudFormationStackSetsOrgAdminServiceRolePolicy"),
    "support": ("Support", "AWSSupportServiceRolePolicy"),
    "transitgateway": ("VPCTransitGateway", "AWSVPCTransitGatewayServiceRolePolicy"),
    "trustedadvisor": ("TrustedAdvisor", "AWSTrustedAdvisorServiceRolePolicy"),
    "vpc-lattice": ("VpcLattice", "AWSVpcLatticeServiceRolePolicy"),
    "vpcorigin.cloudfront": ("CloudFrontVPCOrigin", "AWSCloudFrontVPCOriginServiceRolePolicy"),
    "waf": ("WAFLogging", "WAFLoggingServiceRolePolicy"),
    "wafv2": ("WAFV2Logging", "WAFV2LoggingServiceRolePolicy"),
    "workspaces.application-autoscaling": (
        "ApplicationAutoScaling_WorkSpacesPool",
        "AWSApplicationAutoscalingWorkSpacesPoolPolicy",
    ),
}
_SUFFIXES: Final = frozenset({"autoscaling", "connect", "lexv2"})

LINKED_SERVICES: Final[Mapping[str, LinkedService]] = MappingProxyType(
    {
        name + _DOMAIN: LinkedService(
            principal=name + _DOMAIN, role=_ROLE + role, policy=_POLICY + policy, suffixes=name in _SUFFIXES
        )
        for name, (role, policy) in _NAMES.items()
    }
)
"""By principal."""
